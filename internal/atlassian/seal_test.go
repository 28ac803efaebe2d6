package atlassian

import (
	"bytes"
	"strings"
	"testing"
)

const testKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func TestSealedTextsOpenUnderTheirNameAndKeyAlone(t *testing.T) {
	s, err := NewSealer(testKey)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("refresh token")
	sealed := s.Seal("a", text)
	if got, err := s.Open("a", sealed); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%q, %v", got, err)
	}
	if again := s.Seal("a", text); bytes.Equal(again, sealed) {
		t.Error("sealed twice it is the same: the nonce repeats")
	}
	if _, err := s.Open("b", sealed); err == nil {
		t.Error("it opens under another name")
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := s.Open("a", changed); err == nil {
			t.Errorf("it opens with byte %d changed", i)
		}
	}
}

func TestMasterKeysAreReadInTheirForms(t *testing.T) {
	hexKey := "3031323334353637383930313233343536373839303132333435363738393031"
	first, err := NewSealer(testKey)
	if err != nil {
		t.Fatal(err)
	}
	sealed := first.Seal("a", []byte("x"))
	for _, same := range []string{hexKey, strings.ToUpper(hexKey), strings.TrimRight(testKey, "="), " " + testKey + "\n", strings.Repeat("0", 64) + "," + hexKey} {
		s, err := NewSealer(same)
		if err != nil {
			t.Errorf("%q: %v", same, err)
			continue
		}
		if _, err := s.Open("a", sealed); err != nil {
			t.Errorf("%q: %v", same, err)
		}
	}
	for _, bad := range []string{"", "geheim", "Z2VoZWlt", testKey + ",", hexKey + "00"} {
		if _, err := NewSealer(bad); err == nil || strings.Contains(err.Error(), "Z2VoZWlt") || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: err %v", bad, err)
		}
	}
}

func TestASealerOpensNothingOfAnotherPurpose(t *testing.T) {
	keys, err := ParseKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	one, err := keys.Sealer("one")
	if err != nil {
		t.Fatal(err)
	}
	two, err := keys.Sealer("two")
	if err != nil {
		t.Fatal(err)
	}
	sealed := one.Seal("a", []byte("x"))
	if _, err := two.Open("a", sealed); err == nil {
		t.Error("it opens for another purpose")
	}
	again, err := keys.Sealer("one")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open("a", sealed); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := (Keys{}).Sealer("one"); err == nil {
		t.Error("a sealer of no key")
	}
}

func FuzzOpenSealed(f *testing.F) {
	s, _ := NewSealer(testKey)
	f.Add([]byte{})
	f.Add([]byte{sealVersion})
	f.Add(s.Seal("a", []byte("x"))[:20])
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := s.Open("other", sealed); err == nil {
			t.Error("it opens what nobody sealed")
		}
	})
}
