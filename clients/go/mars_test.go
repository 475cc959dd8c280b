package mars

// The client against a server that answers as each test says; `npm run test:clients` has the real one.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

type received struct {
	App      string         `json:"app_id"`
	Message  string         `json:"message_id"`
	Event    string         `json:"event"`
	ID       string         `json:"event_id"`
	External string         `json:"external_id"`
	Created  time.Time      `json:"created_at"`
	More     map[string]any `json:"attributes"`
}

type reply struct {
	status     int
	retryAfter string
	body       string
}

var taken = reply{status: 200, body: `{"success":true}`}

type fake struct {
	*httptest.Server
	mutex    sync.Mutex
	requests [][]received
	times    []time.Time
	key      string
}

// serve answers in turn; the last answer stays.
func serve(t *testing.T, answer func(number int, events []received) reply) *fake {
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var events []received
		for _, line := range bytes.Split(bytes.TrimSpace(body), []byte("\n")) {
			var e received
			if err := json.Unmarshal(line, &e); err != nil {
				t.Error(err)
			}
			events = append(events, e)
		}
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.requests, f.times, f.key = append(f.requests, events), append(f.times, time.Now()), r.Header.Get("Authorization")
		a := answer(len(f.requests), events)
		if a.retryAfter != "" {
			w.Header().Set("Retry-After", a.retryAfter)
		}
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body))
	}))
	t.Cleanup(f.Close)
	return f
}

func inTurn(answers ...reply) func(int, []received) reply {
	return func(number int, _ []received) reply { return answers[min(number, len(answers))-1] }
}

func (f *fake) names() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	names := []string{}
	for _, events := range f.requests {
		for _, e := range events {
			names = append(names, e.Event)
		}
	}
	return names
}

func open(t *testing.T, f *fake, o Options) *Client {
	o.URL, o.AppID = f.URL, "shop"
	c, err := New(o)
	must(t, err)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// counts are Accepted, Refused, Delivered, Rejected, Failed.
func counts(c *Client) []int64 {
	n := &c.Counts
	return []int64{n.Accepted.Load(), n.Refused.Load(), n.Delivered.Load(), n.Rejected.Load(), n.Failed.Load()}
}

func empty(t *testing.T, directory string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	must(t, err)
	equal(t, len(entries), 0)
}

func TestAnEventHasItsMessageTheContextAnIdAndATime(t *testing.T) {
	f := serve(t, inTurn(taken))
	c := open(t, f, Options{Key: "k", Attributes: Attributes{"region": "eu"}})
	order := c.Message("order-1", Event{ExternalID: "SAP-1", Attributes: Attributes{"total": 1}})
	must(t, order.Event("paid", Attributes{"total": 2}))
	must(t, c.Close(5*time.Second))
	e := f.requests[0][0]
	equal(t, []any{e.App, e.Message, e.Event, e.External, f.key}, []any{"shop", "order-1", "paid", "SAP-1", "Bearer k"})
	equal(t, e.More, map[string]any{"region": "eu", "total": 2.0})
	if len(e.ID) < 20 || time.Since(e.Created).Abs() > 5*time.Second {
		t.Fatal(e)
	}
}

func TestManyGoroutinesAndNoBatchLargerThanItsBound(t *testing.T) {
	f := serve(t, inTurn(taken))
	c := open(t, f, Options{})
	var group sync.WaitGroup
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range 600 {
				if err := c.Message("m").Event(fmt.Sprint(n)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	must(t, c.Close(5*time.Second))
	equal(t, len(f.names()), 2_400)
	for _, events := range f.requests {
		if len(events) > batchEventsMax {
			t.Fatal(len(events))
		}
	}
}

func TestABusyServerGetsTheSameIdAgainAfterRetryAfter(t *testing.T) {
	f := serve(t, inTurn(reply{429, "1", `{"success":false,"detail":"busy"}`}, reply{status: 401}, reply{status: 302}, taken))
	c := open(t, f, Options{})
	must(t, c.Message("m").Event("paid"))
	for c.Counts.Delivered.Load() == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	must(t, c.Close(5*time.Second))
	equal(t, counts(c), []int64{1, 0, 1, 0, 3})
	for _, events := range f.requests {
		equal(t, events[0].ID, f.requests[0][0].ID)
	}
	if f.times[1].Sub(f.times[0]) < 990*time.Millisecond {
		t.Fatal(f.times)
	}
}

func TestARejectedEventIsReportedOnceAndWhatIsNotListedIsSentAgain(t *testing.T) {
	cut := reply{status: 422, body: `{"success":false,"rejected":3,"errors":[{"index":0,"field":"x"},{"index":1,"field":"x"}]}`}
	f := serve(t, inTurn(cut, reply{status: 207, body: `{"rejected":1,"errors":[{"index":0,"field":"event","message":"bad"}]}`}))
	var rejected []string
	c := open(t, f, Options{OnRejected: func(raw json.RawMessage, _ []Problem) {
		var e received
		_ = json.Unmarshal(raw, &e)
		rejected = append(rejected, e.Event)
	}})
	for _, name := range []string{"a", "b", "c", "d"} {
		must(t, c.Message("m").Event(name))
	}
	must(t, c.Close(5*time.Second))
	slices.Sort(rejected)
	equal(t, rejected, []string{"a", "b", "c"})
	equal(t, f.names(), []string{"a", "b", "c", "d", "c", "d"})
	equal(t, counts(c), []int64{4, 0, 1, 3, 0})
}

func TestABodyThatIsTooLargeIsHalvedDownToTheOneEvent(t *testing.T) {
	f := serve(t, func(_ int, events []received) reply {
		if slices.ContainsFunc(events, func(e received) bool { return e.Event == "b" }) {
			return reply{status: 413, body: "null"}
		}
		return taken
	})
	c := open(t, f, Options{OnRejected: func(json.RawMessage, []Problem) {}})
	for _, name := range []string{"a", "b", "c", "d"} {
		must(t, c.Message("m").Event(name))
	}
	must(t, c.Close(5*time.Second))
	equal(t, counts(c), []int64{4, 0, 3, 1, 0})
	// What follows the event that was too large is sent in one request again.
	equal(t, len(f.requests[len(f.requests)-1]), 2)
}

func TestAFullBufferRefusesAndWhatIsNoEventIsRefused(t *testing.T) {
	for _, directory := range []string{"", t.TempDir()} {
		c := open(t, serve(t, inTurn(reply{status: 503})), Options{BufferDir: directory, BufferBytesMax: 400})
		var err error
		for range 10 {
			err = errors.Join(err, c.Message("m").Event("paid"))
		}
		if !errors.Is(err, ErrBuffer) || c.Counts.Refused.Load() == 0 || c.Counts.Accepted.Load() == 0 {
			t.Fatal(err)
		}
		for _, wrong := range []error{c.Message("").Event("e"), c.Message("m").Event("e", Attributes{"f": func() {}})} {
			if wrong == nil || errors.Is(wrong, ErrBuffer) {
				t.Fatal(wrong)
			}
		}
		if c.Close(50*time.Millisecond) == nil {
			t.Fatal("closed")
		}
	}
}

func TestADiskThatFailsRefusesUntilItIsWellAgain(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "buffer")
	f := serve(t, inTurn(taken))
	c := open(t, f, Options{BufferDir: directory})
	must(t, os.Remove(directory))
	for range 3 {
		if err := c.Message("m").Event("lost"); !errors.Is(err, ErrBuffer) {
			t.Fatal(err)
		}
	}
	must(t, c.Flush(5*time.Second))
	must(t, os.Mkdir(directory, 0o700))
	must(t, c.Message("m").Event("paid"))
	must(t, c.Close(5*time.Second))
	equal(t, f.names(), []string{"paid"})
	equal(t, counts(c), []int64{1, 3, 1, 0, 0})
	empty(t, directory)
}

func TestWhatCloseCouldNotSendTheNextClientSendsAndHalfALineIsDropped(t *testing.T) {
	directory := t.TempDir()
	before := open(t, serve(t, inTurn(reply{status: 503})), Options{BufferDir: directory})
	must(t, before.Message("m").Event("paid"))
	if before.Close(50*time.Millisecond) == nil {
		t.Fatal("closed")
	}
	torn := filepath.Join(directory, "torn.ndjson")
	must(t, os.WriteFile(torn, []byte("{\"event\":\"whole\"}\n{\"event\":\"ha"), 0o600))
	files, _ := filepath.Glob(filepath.Join(directory, "*"))
	for _, file := range files {
		must(t, os.Chtimes(file, time.Unix(0, 0), time.Unix(0, 0)))
	}
	f := serve(t, inTurn(taken))
	must(t, open(t, f, Options{BufferDir: directory}).Close(5*time.Second))
	names := f.names()
	slices.Sort(names)
	equal(t, names, []string{"paid", "whole"})
	empty(t, directory)
}

func TestTheFilesOfAnotherClientAreLeftToItUntilItEnds(t *testing.T) {
	directory := t.TempDir()
	other := open(t, serve(t, inTurn(reply{status: 503})), Options{BufferDir: directory})
	must(t, other.Message("m").Event("paid"))
	f := serve(t, inTurn(taken))
	c := open(t, f, Options{BufferDir: directory})
	time.Sleep(7 * time.Second)
	equal(t, f.names(), []string{})
	// As a killed process: nothing renews its files, and nothing says that it ended.
	other.stop()
	for len(f.names()) == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	must(t, c.Close(5*time.Second))
	empty(t, directory)
}
