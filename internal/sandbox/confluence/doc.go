// Package confluence is a stateful Confluence, Cloud or Data Center, that runs in
// the process: of Cloud the API of version 2 and what is left of version 1, of
// Data Center version 1, with pages, drafts, the trash, comments, labels,
// properties, attachments, restrictions and a part of CQL; signed webhooks of Data
// Center and rules of Cloud's Automation; faults on demand, and a record of
// everything that was asked for.
//
// It is the test double of aofctl's own tests. It therefore refuses what
// Confluence refuses: wrong version numbers, storage that is not well formed,
// titles that are taken, and whatever only the other kind knows.
//
// Everything is kept in memory. One lock guards the state; it is never held while
// a webhook is sent.
package confluence
