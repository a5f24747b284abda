// The data of the page, as they stand in it.

/** Return the bytes of text in base64. */
function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function unpacked(base64) {
  return new Response(new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip")));
}

/** Return what the report says, and forget the text of it. */
async function readReport() {
  const place = byId("data");
  const stored = JSON.parse(place.textContent);
  place.remove();
  return stored.encoding === "gzip+base64" ? unpacked(stored.text).json() : stored;
}

/** Return the program that lays graphs out, or null in a page without graphs. */
async function readLayoutProgram() {
  const place = byId("elk");
  const text = place.textContent.trim();
  place.remove();
  return text ? unpacked(text).blob() : null;
}
