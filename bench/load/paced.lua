-- As bulk.lua, at a rate that may change meanwhile: `wrk … URL FILE`, where FILE has events a second. A thread behind its
-- schedule sends at once, so that the rate is kept as long as the connections suffice, and no more is on its way than one
-- request a connection.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } mars_time; int clock_gettime(int clock, mars_time *t);")

package.path = package.path .. ";" .. (debug.getinfo(1, "S").source:match("@(.*/)") or "./") .. "?.lua"
require("bulk")

local makeIds = init
local clock = ffi.new("mars_time[1]")
local file, rate, due

-- Seconds, on a clock that only goes forward.
local function now()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock[0].s) + tonumber(clock[0].ns) / 1e9
end

function init(args)
  makeIds()
  file = args[1]
  due = now()
end

-- Milliseconds until the next request.
function delay()
  local handle = io.open(file)
  if handle then
    -- In the moment of its being written the file may be empty.
    rate = tonumber(handle:read("*a")) or rate
    handle:close()
  end
  local time = now()
  -- A second that was lost is not made up for.
  due = math.max(due + 500 / rate, time - 1)
  return math.max(0, math.floor((due - time) * 1000))
end
