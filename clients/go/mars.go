// Package mars reports events to Mars: batched, retried with the same event_id, kept in a buffer until Mars has answered.
package mars

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Attributes are what an event says beside its fields: a JSON object.
type Attributes map[string]any

// An Event as Mars's API has it. Empty fields are left out.
type Event struct {
	AppID      string     `json:"app_id"`
	MessageID  string     `json:"message_id"`
	Event      string     `json:"event"`
	ExternalID string     `json:"external_id,omitempty"`
	ParentID   string     `json:"parent_id,omitempty"`
	Attributes Attributes `json:"attributes,omitempty"`
	// Traceparent is the W3C trace context that the event belongs to, such as that of the request that is being served.
	Traceparent string `json:"traceparent,omitempty"`
	// CreatedAt is the time of the call by default.
	CreatedAt time.Time `json:"created_at"`
	// EventID is the event's id within its message; a random one by default.
	EventID string `json:"event_id"`
}

// A Problem is what Mars found wrong with a field.
type Problem struct{ Field, Message string }

// Options of a Client. Zero values are the defaults.
type Options struct {
	// URL: default MARS_URL, else http://127.0.0.1:4000. Key: default MARS_KEY, else none.
	URL, Key string
	// AppID and Attributes of every event.
	AppID      string
	Attributes Attributes
	// BufferDir keeps events until Mars has them; default MARS_BUFFER_DIR, else memory alone.
	BufferDir string
	// BufferBytesMax: 64 MiB. Beyond it Event returns an error that wraps ErrBuffer.
	BufferBytesMax int64
	// RetryMax is the longest pause between two tries: 2 s.
	RetryMax time.Duration
	// OnRejected: Mars refused this event, and it is not sent again. Default: a line of log. Both callbacks run in the sender.
	OnRejected func(event json.RawMessage, problems []Problem)
	// OnError: a try failed, and there will be another.
	OnError func(error)
}

// Counts since the start: accepted in the buffer, refused by it, delivered to Mars, rejected by Mars, tries that failed.
type Counts struct{ Accepted, Refused, Delivered, Rejected, Failed atomic.Int64 }

// A Client reports events. It may be used by many goroutines.
type Client struct {
	Counts  Counts
	options Options
	http    http.Client
	header  http.Header
	spool   spool
	context context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New opens the buffer and starts to send. Close the client at the end of the program.
func New(o Options) (*Client, error) {
	o.URL = strings.TrimRight(cmp.Or(o.URL, os.Getenv("MARS_URL"), "http://127.0.0.1:4000"), "/") + "/api/event/bulk"
	o.RetryMax = cmp.Or(o.RetryMax, 2*time.Second)
	if o.OnRejected == nil {
		o.OnRejected = func(event json.RawMessage, problems []Problem) { log.Printf("Mars refused %s: %v", event, problems) }
	}
	c := &Client{options: o, http: http.Client{Timeout: 10 * time.Second}}
	c.context, c.stop = context.WithCancel(context.Background())
	c.header = http.Header{"Content-Type": {"application/x-ndjson"}}
	if key := cmp.Or(o.Key, os.Getenv("MARS_KEY")); key != "" {
		c.header.Set("Authorization", "Bearer "+key)
	}
	c.spool.directory = cmp.Or(o.BufferDir, os.Getenv("MARS_BUFFER_DIR"))
	c.spool.bytesMax.Store(cmp.Or(o.BufferBytesMax, 64<<20))
	if c.spool.directory != "" {
		if err := os.MkdirAll(c.spool.directory, 0o700); err != nil {
			return nil, fmt.Errorf("mars: the buffer's directory: %w", err)
		}
		c.spool.keep()
		c.every(time.Second, c.spool.keep)
	}
	c.every(200*time.Millisecond, c.send)
	return c, nil
}

// A Message is reported by its events: client.Message("order-1").Event("paid").
type Message struct {
	client *Client
	common Event
}

// Message takes what its events have in common.
func (c *Client) Message(id string, common ...Event) Message {
	e := append(common, Event{})[0]
	e.MessageID = id
	return Message{c, e}
}

// Event reports an event of the message, with these attributes beside those of the message and of the client.
func (m Message) Event(name string, attributes ...Attributes) error {
	m.common.Event = name
	return m.client.Report(m.common, attributes...)
}

// Report accepts an event, and never waits for the network. Its error wraps ErrBuffer where the buffer is full or cannot be written.
func (c *Client) Report(e Event, attributes ...Attributes) error {
	e.AppID, e.EventID = cmp.Or(e.AppID, c.options.AppID), cmp.Or(e.EventID, rand.Text())
	e.CreatedAt = cmp.Or(e.CreatedAt, time.Now()).UTC()
	if e.AppID == "" || e.MessageID == "" || e.Event == "" {
		return fmt.Errorf("mars: app id %q, message id %q and event %q must not be empty", e.AppID, e.MessageID, e.Event)
	}
	all := append([]Attributes{c.options.Attributes, e.Attributes}, attributes...)
	e.Attributes = Attributes{}
	for _, some := range all {
		maps.Copy(e.Attributes, some)
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("mars: %w", err)
	}
	if err := c.spool.append(append(line, '\n')); err != nil {
		c.Counts.Refused.Add(1)
		return fmt.Errorf("%w: %w", ErrBuffer, err)
	}
	c.Counts.Accepted.Add(1)
	return nil
}

// Flush waits until everything accepted was delivered, or rejected, and returns an error if that takes longer.
func (c *Client) Flush(timeout time.Duration) error {
	for end := time.Now().Add(timeout); len(c.spool.next(0)) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("mars: not all events were delivered within %s", timeout)
		}
	}
	return nil
}

// Close sends what waits, within the time. What remains is sent by the next process with this directory.
func (c *Client) Close(timeout time.Duration) error {
	c.spool.bytesMax.Store(0)
	defer c.running.Wait()
	defer c.stop()
	return c.Flush(timeout)
}

func (c *Client) every(period time.Duration, do func()) {
	c.running.Go(func() {
		for c.pause(period) {
			do()
		}
	})
}

// pause returns false if the client is closed.
func (c *Client) pause(length time.Duration) bool {
	ended, cancel := context.WithTimeout(c.context, length)
	defer cancel()
	<-ended.Done()
	return c.context.Err() == nil
}

// send sends batch after batch until none is left, or the client is closed.
func (c *Client) send() {
	for lines, backoff := c.spool.next(0), time.Duration(0); len(lines) > 0 && c.context.Err() == nil; {
		answered, after, err := c.post(lines)
		lines = c.spool.next(answered)
		if err == nil {
			backoff = 0
		} else if c.context.Err() == nil {
			c.Counts.Failed.Add(1)
			if c.options.OnError != nil {
				c.options.OnError(err)
			}
			backoff = min(max(2*backoff, 100*time.Millisecond), c.options.RetryMax)
			c.pause(max(backoff/2+mathrand.N(backoff/2+1), after))
		}
	}
}

// post sends the lines, or the first half of them if Mars refuses them as a whole. It returns how many of the first lines Mars
// has answered for, at least one; or 0, the time of Retry-After, and an error.
func (c *Client) post(lines [][]byte) (int, time.Duration, error) {
	request, err := http.NewRequestWithContext(c.context, http.MethodPost, c.options.URL, bytes.NewReader(bytes.Join(lines, nil)))
	if err != nil {
		return 0, 0, err
	}
	request.Header = c.header
	response, err := c.http.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	var answer struct {
		Success  any
		Detail   string
		Rejected int
		Errors   []struct {
			Index *int
			Problem
		}
	}
	// A proxy's answer may be no JSON object: then nothing is known of it.
	_ = json.NewDecoder(io.LimitReader(response.Body, 8<<20)).Decode(&answer)
	refused, known := map[int][]Problem{}, 0
	for _, problem := range answer.Errors {
		if problem.Index != nil && *problem.Index < len(lines) {
			refused[*problem.Index] = append(refused[*problem.Index], problem.Problem)
			known = max(known, *problem.Index+1)
		}
	}
	switch status := response.StatusCode; {
	case status == 200 && answer.Success == true, len(refused) > 0 && (status == 207 || status == 403 || status == 422):
		// Mars lists 100 problems at most: what follows them is sent again.
		if len(refused) >= answer.Rejected {
			known = len(lines)
		}
	case status == 413 || (status == 400 || status == 422) && answer.Success == false:
		if len(lines) > 1 {
			return c.post(lines[:len(lines)/2])
		}
		refused[0], known = []Problem{{Message: cmp.Or(answer.Detail, response.Status)}}, 1
	default:
		after, _ := time.ParseDuration(response.Header.Get("Retry-After") + "s") // Absent, or a date: the pause of its own.
		return 0, after, fmt.Errorf("Mars answered %s %s", response.Status, answer.Detail)
	}
	c.Counts.Delivered.Add(int64(known - len(refused)))
	c.Counts.Rejected.Add(int64(len(refused)))
	for index, problems := range refused {
		c.options.OnRejected(bytes.TrimSpace(lines[index]), problems)
	}
	return known, 0, nil
}
