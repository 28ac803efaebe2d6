// Package mcp lends agents the tools of MCP servers: programs that it starts and
// talks to over their standard input and output, and servers behind a URL
// (streamable HTTP). See https://modelcontextprotocol.io/specification.
//
// A server is outside: what it says of its tools and what they return is
// untrusted text. Its tools pass the same policy as those of the program; they
// write unless the operator says that they read, and a write whose answer was
// lost is never repeated.
package mcp
