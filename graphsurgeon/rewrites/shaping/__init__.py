"""Static shapes: inference of them through a graph, and other ones of its inputs."""
