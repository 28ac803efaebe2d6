// Package wire reads and writes the Agent2Agent protocol as its callers do, over
// JSON-RPC 2.0: A2A 0.3, A2A 1.0, and the two dialects of Jira that are made of
// them.
//
// Reading is lenient in what A2A leaves open and clients do differently: names in
// camelCase or snake_case, id or taskId, values of enumerations in any spelling,
// members that are not known. It is strict where leniency would let two readers of
// one text see different things: the text is valid UTF-8 and JSON, no object has a
// member twice, and nesting is bounded. Nothing that is passed on loses digits.
//
// Writing follows the caller's dialect to the letter.
package wire
