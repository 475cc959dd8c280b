// Package mars reports events to Mars: batched, retried with the same event_id, kept in a buffer until Mars has answered.
package mars

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const lineBytesMax = 64 * 1024

// Attributes are what an event says beside its fields: a JSON object.
type Attributes map[string]any

// Fields are what may be said of an event, and in Client.Message of each event of a message. Empty ones are left out.
type Fields struct {
	AppID      string     `json:"app_id"`
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
type Problem struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

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
	// A batch goes out when it has so many events (1,000, at most 10,000) or bytes (512 KiB), or is so old (200 ms).
	BatchEventsMax int
	BatchBytesMax  int64
	BatchAge       time.Duration
	// Timeout of one request: 10 s. RetryMax, the longest pause between two tries: 10 s.
	Timeout, RetryMax time.Duration
	// OnRejected: Mars refused this event, and it is not sent again. Default: a line of log. Both callbacks run in the sender.
	OnRejected func(event json.RawMessage, problems []Problem)
	// OnError: a try failed, and there will be another.
	OnError func(error)
}

// Counts since the start: accepted in the buffer, refused by it, delivered to Mars, rejected by Mars, tries that failed.
type Counts struct{ Accepted, Refused, Delivered, Rejected, Failed int64 }

// A Client reports events. It may be used by many goroutines.
type Client struct {
	options    Options
	http       http.Client
	buffer     *buffer
	mutex      sync.Mutex
	counts     Counts
	waiting    int
	bytes      int64
	batchMax   int
	failures   int
	flushing   int
	closing    bool
	wake       chan struct{}
	stop, done chan struct{}
}

// New opens the buffer and starts to send. Close the client at the end of the program.
func New(options Options) (*Client, error) {
	o := options
	o.URL = strings.TrimRight(first(o.URL, os.Getenv("MARS_URL"), "http://127.0.0.1:4000"), "/")
	o.Key = first(o.Key, os.Getenv("MARS_KEY"))
	o.BufferBytesMax = first(o.BufferBytesMax, 64<<20)
	o.BatchEventsMax = min(first(o.BatchEventsMax, 1_000), 10_000)
	o.BatchBytesMax = max(first(o.BatchBytesMax, 512<<10), lineBytesMax)
	o.BatchAge = first(o.BatchAge, 200*time.Millisecond)
	o.Timeout, o.RetryMax = first(o.Timeout, 10*time.Second), first(o.RetryMax, 10*time.Second)
	if o.OnRejected == nil {
		o.OnRejected = func(event json.RawMessage, problems []Problem) { log.Printf("Mars refused %s: %v", event, problems) }
	}
	c := &Client{options: o, batchMax: o.BatchEventsMax}
	c.wake, c.stop, c.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	c.http.Timeout = o.Timeout
	// A redirected POST would become a GET, and seem to succeed.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var err error
	if c.buffer, err = openBuffer(first(o.BufferDir, os.Getenv("MARS_BUFFER_DIR")), o.BufferBytesMax, c.wakeUp); err != nil {
		return nil, err
	}
	go c.run()
	return c, nil
}

// A Message is reported by its events: client.Message("order-1").Event("paid").
type Message struct {
	client *Client
	id     string
	fields Fields
}

// Message has the fields that all of its events have.
func (c *Client) Message(id string, fields ...Fields) *Message {
	context := Fields{AppID: c.options.AppID, Attributes: c.options.Attributes}
	return &Message{c, id, merged(context, fields)}
}

// Event accepts an event, and never waits for the network. Its error wraps ErrBuffer where the buffer is full or cannot be written.
func (m *Message) Event(name string, fields ...Fields) error {
	f := merged(m.fields, fields)
	if f.AppID == "" || m.id == "" || name == "" {
		return errors.New("mars: app id, message id and event must not be empty")
	}
	f.EventID = first(f.EventID, randomID())
	if f.CreatedAt.IsZero() {
		f.CreatedAt = time.Now()
	}
	f.CreatedAt = f.CreatedAt.UTC()
	line, err := json.Marshal(struct {
		MessageID string `json:"message_id"`
		Event     string `json:"event"`
		Fields
	}{m.id, name, f})
	if err != nil {
		return fmt.Errorf("mars: %w", err)
	}
	if len(line) >= lineBytesMax {
		return fmt.Errorf("mars: the event has %d bytes, %d at most", len(line), lineBytesMax)
	}
	return m.client.accept(append(line, '\n'))
}

func (c *Client) accept(line []byte) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	err := fmt.Errorf("%w: the client is closed", ErrBuffer)
	if !c.closing {
		err = c.buffer.append(line)
	}
	if err != nil {
		c.counts.Refused++
		return err
	}
	c.counts.Accepted++
	c.waiting++
	c.bytes += int64(len(line))
	if c.waiting == 1 || c.full() {
		c.wakeUp()
	}
	return nil
}

// Counts returns what happened so far.
func (c *Client) Counts() Counts {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.counts
}

// Flush waits until everything accepted was delivered, or rejected, and returns an error if that takes longer.
func (c *Client) Flush(timeout time.Duration) error {
	c.flush(1)
	defer c.flush(-1)
	for end := time.Now().Add(timeout); !c.buffer.empty(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("mars: not all events were delivered within %s", timeout)
		}
	}
	return nil
}

// Close sends what waits, within the time. What remains is sent by the next process with this directory.
func (c *Client) Close(timeout time.Duration) error {
	c.mutex.Lock()
	again := c.closing
	c.closing = true
	c.mutex.Unlock()
	if again {
		return nil
	}
	err := c.Flush(timeout)
	close(c.stop)
	if err == nil {
		<-c.done
	}
	c.buffer.release()
	return err
}

func (c *Client) flush(change int) {
	c.mutex.Lock()
	c.flushing += change
	c.mutex.Unlock()
	c.wakeUp()
}

// full says whether a batch goes out before its age; the mutex is held.
func (c *Client) full() bool {
	return c.flushing > 0 || c.waiting >= c.batchMax || c.bytes >= c.options.BatchBytesMax
}

func (c *Client) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func merged(context Fields, given []Fields) Fields {
	context.Attributes = maps.Clone(context.Attributes)
	for _, f := range given {
		context.AppID, context.EventID = first(f.AppID, context.AppID), first(f.EventID, context.EventID)
		context.ExternalID = first(f.ExternalID, context.ExternalID)
		context.ParentID = first(f.ParentID, context.ParentID)
		context.Traceparent = first(f.Traceparent, context.Traceparent)
		context.CreatedAt = first(f.CreatedAt, context.CreatedAt)
		if context.Attributes == nil {
			context.Attributes = Attributes{}
		}
		maps.Copy(context.Attributes, f.Attributes)
	}
	return context
}

// first returns the first that is not zero (cmp.Or of Go 1.22).
func first[T comparable](values ...T) T {
	var zero T
	for _, value := range values {
		if value != zero {
			return value
		}
	}
	return zero
}
