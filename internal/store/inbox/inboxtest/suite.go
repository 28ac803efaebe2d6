// Package inboxtest says in tests what an inbox does, whatever database it is
// on. Each implementation runs them on its own.
package inboxtest

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// Inbox is what the tests are about. The methods are described at inbox.Inbox.
type Inbox interface {
	Queue
	Archive
	Healthy() error
	Close() error
}

// Queue is how deliveries come in and are worked off.
type Queue interface {
	Append(ctx context.Context, d inbox.Delivery) (inbox.Receipt, error)
	Wake() <-chan struct{}
	Pending(ctx context.Context, afterSeq int64, limit int) ([]inbox.Delivery, error)
	ClaimContent(ctx context.Context, seq int64, source, site, contentKey string) (firstID string, claimed bool, err error)
	Claim(ctx context.Context, seq int64, source, site string, claims []string) (map[string]bool, error)
	Finish(ctx context.Context, outcomes []inbox.Outcome) error
}

// Archive is how they are looked at, and forgotten.
type Archive interface {
	List(ctx context.Context, f inbox.Filter) ([]inbox.Summary, error)
	Get(ctx context.Context, id string) (inbox.Delivery, error)
	Counts(ctx context.Context) (map[inbox.State]int64, error)
	Prune(ctx context.Context, before time.Time, batch int) (inbox.Pruned, error)
}

// Settings are the options that the tests set. Zero fields mean the defaults.
type Settings struct {
	Now            func() time.Time
	Entropy        io.Reader
	MaxBytes       int64
	KeepIdentities time.Duration
}

// Place is one database, empty at first.
type Place interface {
	// Open opens the inbox in it.
	Open(ctx context.Context, s Settings) (Inbox, error)
	// Damage overwrites the stored headers and body of a delivery.
	Damage(ctx context.Context, seq int64, headers string, block []byte) error
}

// Run runs all tests, each with a place of its own.
func Run(t *testing.T, place func(t *testing.T) Place) {
	tests := []struct {
		name string
		test func(t *testing.T, p Place)
	}{
		{"AppendedDeliveryIsReadBackWhole", appendedDeliveryIsReadBackWhole},
		{"GetOfUnknownDeliveryIsNotFound", getOfUnknownDeliveryIsNotFound},
		{"IdentityIsStoredOnce", identityIsStoredOnce},
		{"ParallelAppendsOfOneIdentityStoreOne", parallelAppendsOfOneIdentityStoreOne},
		{"SequenceFollowsAcceptanceAcrossOpenings", sequenceFollowsAcceptanceAcrossOpenings},
		{"IDsSortLikeSequenceNumbers", idsSortLikeSequenceNumbers},
		{"FailedDeliveryIsStoredAsFinished", failedDeliveryIsStoredAsFinished},
		{"StrangeTextDoesNoHarm", strangeTextDoesNoHarm},
		{"LongTextDoesNoHarm", longTextDoesNoHarm},
		{"TimeBeforeTheEpochDoesNoHarm", timeBeforeTheEpochDoesNoHarm},
		{"ImpossibleBodyIsRefused", impossibleBodyIsRefused},
		{"BodyLargerThanTheBoundFitsAlone", bodyLargerThanTheBoundFitsAlone},
		{"EndedContextEndsTheWait", endedContextEndsTheWait},
		{"ClosedInboxRefuses", closedInboxRefuses},
		{"CloseWritesWhatWasAccepted", closeWritesWhatWasAccepted},
		{"WakeComesAfterTheCommit", wakeComesAfterTheCommit},
		{"PendingIsInOrderAndBounded", pendingIsInOrderAndBounded},
		{"PendingLoadsFewLargeBodiesAtOnce", pendingLoadsFewLargeBodiesAtOnce},
		{"PendingOvertakesNothingWhileOthersAppend", pendingOvertakesNothingWhileOthersAppend},
		{"DamagedDeliveryHoldsUpNothing", damagedDeliveryHoldsUpNothing},
		{"ContentIsClaimedByTheFirst", contentIsClaimedByTheFirst},
		{"ContentIsClaimedOnceByManyAtOnce", contentIsClaimedOnceByManyAtOnce},
		{"ClaimsAreTakenByTheFirstForGood", claimsAreTakenByTheFirstForGood},
		{"ClaimsAreTakenOnceByManyAtOnce", claimsAreTakenOnceByManyAtOnce},
		{"ClaimsOfOneDeliveryAreItsOwnWhoeverAsks", claimsOfOneDeliveryAreItsOwnWhoeverAsks},
		{"FinishRecordsTheOutcome", finishRecordsTheOutcome},
		{"FirstOutcomeCounts", firstOutcomeCounts},
		{"UnknownStateIsRefused", unknownStateIsRefused},
		{"ListFiltersNewestFirst", listFiltersNewestFirst},
		{"PruneKeepsIdentitiesAndUnfinishedWork", pruneKeepsIdentitiesAndUnfinishedWork},
		{"BehavesLikeItsModel", behavesLikeItsModel},
		{"ReadersSeeWholeDeliveriesWhileWritesGoOn", readersSeeWholeDeliveriesWhileWritesGoOn},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, place(t)) })
	}
}

// Incoming is a delivery as the webhook handler makes it.
func Incoming(site, key, body string) inbox.Delivery {
	d := inbox.Delivery{Body: []byte(body), Headers: map[string]string{"Content-Type": "application/json"}}
	d.Source, d.Site, d.Key = "jira", site, key
	d.SignedBy = []string{"JIRA_WEBHOOK_SECRET"}
	return d
}

// Random is text of n bytes that does not compress; each seed gives another.
func Random(n, seed int) string {
	b := make([]byte, n)
	x := uint32(seed) + 12345
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

// Eventually calls f until it returns nil, and fails the test with its last
// error after two minutes.
func Eventually(t testing.TB, f func() error) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

func open(t testing.TB, p Place, s Settings) Inbox {
	t.Helper()
	in, err := p.Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeInbox(t, in) })
	return in
}

// closeInbox may be called again by the test's end.
func closeInbox(t testing.TB, in Inbox) {
	t.Helper()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

func mustAppend(t testing.TB, in Inbox, d inbox.Delivery) inbox.Receipt {
	t.Helper()
	r, err := in.Append(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// appendSome stores n deliveries with keys k0, k1 and so on.
func appendSome(t testing.TB, in Inbox, n int) []inbox.Receipt {
	t.Helper()
	var list []inbox.Receipt
	for i := range n {
		list = append(list, mustAppend(t, in, Incoming("", fmt.Sprintf("k%d", i), fmt.Sprintf(`{"n":%d}`, i))))
	}
	return list
}

func mustGet(t testing.TB, in Inbox, id string) inbox.Delivery {
	t.Helper()
	d, err := in.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustFinish(t testing.TB, in Inbox, outcomes ...inbox.Outcome) {
	t.Helper()
	if err := in.Finish(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
}

func pendingSeqs(t testing.TB, in Inbox, after int64, limit int) []int64 {
	t.Helper()
	list, err := in.Pending(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []int64
	for _, d := range list {
		seqs = append(seqs, d.Seq)
	}
	return seqs
}
