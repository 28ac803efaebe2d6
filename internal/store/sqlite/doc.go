// Package sqlite opens SQLite files in the one way that keeps what was
// committed across a power cut, brings their schema up to date, and locks the
// directory that holds them against a second process.
package sqlite
