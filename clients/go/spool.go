package mars

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	batchEventsMax = 1_000
	batchBytesMax  = 512 << 10
	// A file whose time is so far from now has no owner: each process renews the time of its files every second.
	lease = 5 * time.Second
)

// ErrBuffer is wrapped by the errors of events that the buffer does not accept: it is full, closed, or cannot be written.
var ErrBuffer = errors.New("mars: event not accepted")

// A batch is sent in one request. With a directory its file has the same lines, until Mars has answered for them.
type batch struct {
	path  string
	lines [][]byte
	bytes int
}

// A spool is the queue of batches, the oldest first.
type spool struct {
	sync.Mutex
	directory string
	bytesMax  atomic.Int64 // 0 once the client is closed
	bytes     int          // of the whole directory: also the files of other processes
	queue     []*batch
	open      *batch // the last of the queue, while it may grow
}

// append keeps a line, newline included; it is in the file when this returns.
func (s *spool) append(line []byte) error {
	s.Lock()
	defer s.Unlock()
	if bytesMax := s.bytesMax.Load(); int64(s.bytes+len(line)) > bytesMax {
		return fmt.Errorf("the buffer is full, or closed: it has %d of %d bytes", s.bytes, bytesMax)
	}
	b := s.open
	if b == nil || len(b.lines) == batchEventsMax || b.bytes+len(line) > batchBytesMax {
		b = &batch{path: s.newPath()} // If its first line cannot be written, next removes it.
		s.queue, s.open = append(s.queue, b), b
	}
	for kept := s.directory == ""; !kept; {
		file, err := os.OpenFile(b.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err == nil {
			_, err = file.Write(line)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			_ = os.Truncate(b.path, int64(b.bytes)) // No other line may follow half a line.
			return err
		}
		// If this process was suspended, another may have adopted and read the file before the line was in it. Then the line
		// is written again: Mars stores it once, by its event_id.
		_, err = os.Stat(b.path)
		kept = err == nil
	}
	b.lines, b.bytes, s.bytes = append(b.lines, line), b.bytes+len(line), s.bytes+len(line)
	return nil
}

// next removes the first lines of the oldest batch, for which Mars has answered, and the batches that have none left. It returns
// the lines of the batch that is then the oldest, which grows no more; none if nothing waits.
func (s *spool) next(answered int) [][]byte {
	s.Lock()
	defer s.Unlock()
	s.open = nil
	for len(s.queue) > 0 && len(s.queue[0].lines) == answered {
		_ = os.Remove(s.queue[0].path) // Another process may have adopted it.
		s.queue, s.bytes, answered = s.queue[1:], s.bytes-s.queue[0].bytes, 0
	}
	b := append(s.queue, &batch{})[0]
	b.lines = b.lines[answered:]
	return b.lines
}

// keep renews the time of the own files, and adopts those that have no owner by renaming them, so one process wins.
func (s *spool) keep() {
	s.Lock()
	defer s.Unlock()
	now, own := time.Now(), map[string]bool{}
	s.bytes = 0
	for _, b := range s.queue {
		own[b.path] = os.Chtimes(b.path, now, now) == nil // Another process may have adopted it.
		s.bytes += b.bytes
	}
	entries, _ := os.ReadDir(s.directory) // A fault of the disk shows in append.
	for _, entry := range entries {
		found, path := filepath.Join(s.directory, entry.Name()), s.newPath()
		info, err := entry.Info()
		if err != nil || own[found] || filepath.Ext(found) != ".ndjson" {
			continue
		}
		s.bytes += int(info.Size())
		if now.Sub(info.ModTime()).Abs() >= lease && os.Chtimes(found, now, now) == nil && os.Rename(found, path) == nil {
			if text, err := os.ReadFile(path); err == nil {
				// What follows the last newline is nothing, or half a line: that call had not returned when its process ended.
				lines := bytes.SplitAfter(text, []byte("\n"))
				s.queue = append(s.queue, &batch{path, lines[:len(lines)-1], len(text)})
			}
		}
	}
}

func (s *spool) newPath() string { return filepath.Join(s.directory, rand.Text()+".ndjson") }
