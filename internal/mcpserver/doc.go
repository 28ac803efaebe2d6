// Package mcpserver serves the program's tools to programs that speak the Model
// Context Protocol, such as editors and assistants, under the policy that holds
// for agents: the list of tools, their schemas, the scope of projects, the limits
// and the filter of what leaves.
// See https://modelcontextprotocol.io/specification.
package mcpserver
