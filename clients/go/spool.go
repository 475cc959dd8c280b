package mars

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	batchEventsMax = 1_000
	batchBytesMax  = 512 << 10
	// A file whose time is so far from now has no owner: each process renews the time of its files every second.
	lease = 5 * time.Second
)

// A batch is sent in one request. With a directory its file has the same lines, until Mars has answered for them.
type batch struct {
	path  string
	lines [][]byte
	bytes int64
}

// A spool is the queue of batches, the oldest first.
type spool struct {
	sync.Mutex
	directory     string
	bytesMax      int64
	queue         []*batch
	open          *batch // the last of the queue, while it may grow
	bytes, others int64  // of the own files, and of those of other processes
}

// append keeps a line, newline included; it is in the file when this returns.
func (s *spool) append(line []byte) error {
	s.Lock()
	defer s.Unlock()
	size := int64(len(line))
	if s.bytes+s.others+size > s.bytesMax {
		return fmt.Errorf("the buffer is full, or closed: it has %d of %d bytes", s.bytes+s.others, s.bytesMax)
	}
	b := s.open
	if b == nil || len(b.lines) == batchEventsMax || b.bytes+size > batchBytesMax {
		b = &batch{path: s.newPath()}
	}
	for kept := s.directory == ""; !kept; {
		file, err := os.OpenFile(b.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err == nil {
			_, err = file.Write(line)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			_ = os.Truncate(b.path, b.bytes) // No other line may follow half a line.
			return err
		}
		// If this process was suspended, another may have adopted and read the file before the line was in it. Then the line
		// is written again: Mars stores it once, by its event_id.
		_, err = os.Stat(b.path)
		kept = err == nil
	}
	if b != s.open {
		s.queue, s.open = append(s.queue, b), b
	}
	b.lines, b.bytes, s.bytes = append(b.lines, line), b.bytes+size, s.bytes+size
	return nil
}

// next removes a batch for which Mars has answered, and returns the oldest, which grows no more; nil if there is none.
func (s *spool) next(answered *batch) *batch {
	s.Lock()
	defer s.Unlock()
	if answered != nil {
		_ = os.Remove(answered.path) // Another process may have adopted it.
		s.queue, s.bytes = s.queue[1:], s.bytes-answered.bytes
	}
	s.open = nil
	return append(s.queue, nil)[0]
}

// keep renews the time of the own files, and adopts those that have no owner by renaming them, so one process wins.
func (s *spool) keep() {
	s.Lock()
	defer s.Unlock()
	now, own := time.Now(), map[string]bool{}
	for _, b := range s.queue {
		own[b.path] = true
		_ = os.Chtimes(b.path, now, now) // Another process may have adopted it.
	}
	s.others = 0
	entries, _ := os.ReadDir(s.directory) // A fault of the disk shows in append.
	for _, entry := range entries {
		found, path := filepath.Join(s.directory, entry.Name()), s.newPath()
		info, err := entry.Info()
		if err != nil || own[found] || !strings.HasSuffix(found, ".ndjson") {
			continue
		}
		if now.Sub(info.ModTime()).Abs() < lease {
			s.others += info.Size()
		} else if os.Rename(found, path) == nil && os.Chtimes(path, now, now) == nil {
			if text, err := os.ReadFile(path); err == nil {
				// What follows the last newline is nothing, or half a line: that call had not returned when its process ended.
				lines := bytes.SplitAfter(text, []byte("\n"))
				s.queue = append(s.queue, &batch{path, lines[:len(lines)-1], int64(len(text))})
				s.bytes += int64(len(text))
			}
		}
	}
}

func (s *spool) newPath() string { return filepath.Join(s.directory, rand.Text()+".ndjson") }
