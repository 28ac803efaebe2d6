// Package injection is a corpus of attacks on agents by what they read: texts
// that strangers could write into an issue, a comment or a page so that a model
// that reads them acts for the stranger. It serves tests only.
//
// The corpus follows the families that the literature describes: direct harm and
// theft of data (InjecAgent), direct, contextual and escape attacks with tools of
// all trades (Agent Security Bench), important messages, orders to ignore what was
// said and knowledge of tools (AgentDojo); and what is possible in Jira besides.
// The wording is our own. An attack is a goal told in the manner of a family: see
// goals.txt and manners.txt. Whole texts are in texts.txt.
package injection
