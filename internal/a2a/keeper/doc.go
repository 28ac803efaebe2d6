// Package keeper keeps the tasks of A2A in the daemon's database: it implements
// what an endpoint needs from whoever does the work. A task and the run that works
// on it are made in one transaction; from then on the run speaks through the store,
// and whoever follows the task reads its log of events, on whichever replica.
package keeper
