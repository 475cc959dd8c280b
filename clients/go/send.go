package mars

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

type answer struct {
	Success  *bool  `json:"success"`
	Detail   string `json:"detail"`
	Rejected int    `json:"rejected"`
	Errors   []struct {
		Index *int `json:"index"`
		Problem
	} `json:"errors"`
}

type retryError struct {
	message string
	after   time.Duration
}

func (e *retryError) Error() string { return e.message }

// run sends until the client is closed.
func (c *Client) run() {
	defer close(c.done)
	for {
		// A wake-up that is left from before is one more turn of the loop.
		for c.buffer.empty() {
			c.mutex.Lock()
			c.waiting, c.bytes = 0, 0
			c.mutex.Unlock()
			if !c.buffer.empty() {
				break
			}
			if !c.pause(time.Second) {
				return
			}
		}
		for end := time.Now().Add(c.options.BatchAge); time.Now().Before(end) && !c.isFull(); {
			if !c.pause(time.Until(end)) {
				return
			}
		}
		s, chunk, err := c.buffer.read(c.options.BatchBytesMax)
		if err == nil && s != nil {
			err = c.send(s, bytes.SplitAfterN(chunk, []byte("\n"), c.batchMax+1))
		}
		if err != nil && !c.retry(err) {
			return
		}
		select {
		case <-c.stop:
			return
		default:
		}
	}
}

func (c *Client) isFull() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.full()
}

// retry pauses after a failed try, shorter where the client is flushed. It returns false if the client is closed.
func (c *Client) retry(err error) bool {
	c.mutex.Lock()
	c.counts.Failed++
	flushing := c.flushing
	c.mutex.Unlock()
	if c.options.OnError != nil {
		c.options.OnError(err)
	}
	pause := min(100*time.Millisecond<<min(c.failures, 20), c.options.RetryMax)
	pause = pause/2 + rand.N(pause/2+1)
	c.failures++
	if busy, ok := err.(*retryError); ok {
		pause = max(pause, busy.after)
	}
	for end := time.Now().Add(pause); time.Now().Before(end); {
		if !c.pause(time.Until(end)) {
			return false
		}
		c.mutex.Lock()
		flushed := c.flushing > flushing
		c.mutex.Unlock()
		if flushed {
			return true
		}
	}
	return true
}

// pause ends early by wakeUp, and returns false if the client is closed.
func (c *Client) pause(length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.wake:
	case <-c.stop:
		return false
	}
	return true
}

func (c *Client) send(s *segment, lines [][]byte) error {
	if len(lines) > c.batchMax {
		lines = lines[:c.batchMax]
	}
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	request, err := http.NewRequest(http.MethodPost, c.options.URL+"/api/event/bulk", bytes.NewReader(bytes.Join(lines, nil)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	if c.options.Key != "" {
		request.Header.Set("Authorization", "Bearer "+c.options.Key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return err
	}
	var a answer
	if json.Unmarshal(text, &a) != nil {
		// A proxy's answer may be no JSON object: then nothing is known of it.
		a = answer{Detail: string(text[:min(len(text), 200)])}
	}
	refused := map[int][]Problem{}
	last := 0
	for _, problem := range a.Errors {
		if problem.Index != nil && *problem.Index < len(lines) {
			last = max(last, *problem.Index)
			refused[*problem.Index] = append(refused[*problem.Index], problem.Problem)
		}
	}
	switch status := response.StatusCode; {
	case status == 200 || len(refused) > 0 && (status == 207 || status == 403 || status == 422):
		// Mars lists 100 problems at most: what follows them is sent again.
		if len(refused) < a.Rejected {
			lines = lines[:last+1]
		}
		for index, problems := range refused {
			c.options.OnRejected(bytes.TrimSpace(lines[index]), problems)
		}
		c.settle(s, lines, len(refused))
		c.limit(min(c.options.BatchEventsMax, c.batchMax*2))
	case status == 413 || (status == 400 || status == 422) && a.Success != nil && !*a.Success:
		// This body is refused as a whole: its half may not be.
		c.limit(max(1, len(lines)/2))
		if len(lines) == 1 {
			detail := first(a.Detail, fmt.Sprint("status ", status))
			c.options.OnRejected(bytes.TrimSpace(lines[0]), []Problem{{Message: detail}})
			c.settle(s, lines, 1)
		}
	default:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // Absent, or a date: the pause of its own.
		return &retryError{fmt.Sprintf("Mars answered %d %s", status, a.Detail), time.Duration(seconds) * time.Second}
	}
	c.failures = 0
	return nil
}

func (c *Client) settle(s *segment, lines [][]byte, rejected int) {
	count := 0
	for _, line := range lines {
		count += len(line)
	}
	c.buffer.settle(s, int64(count))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.counts.Delivered += int64(len(lines) - rejected)
	c.counts.Rejected += int64(rejected)
	c.waiting = max(0, c.waiting-len(lines))
	c.bytes = max(0, c.bytes-int64(count))
}

// limit sets how many events the next batches may have.
func (c *Client) limit(events int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.batchMax = events
}
