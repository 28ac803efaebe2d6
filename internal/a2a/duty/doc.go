// Package duty is the run's side of a task of A2A: what its first message says as
// an event, what its user says while the work goes on, what they are asked and
// told, and the answer that completes it. Agents know it as agent.Conversation, the
// gate as gate.User, and runs as the journal that it puts around theirs.
//
// All that a run hears is a step of its journal, and all that it tells is told under
// the id of a step: a run that is replayed hears the same at the same places, and
// tells nothing twice.
package duty
