-- As bulk.lua, at a rate: `wrk … URL EVENTS_PER_SECOND`. Whoever is behind its schedule sends at once, so that the rate is
-- kept as long as the connections suffice, and no more is on its way than one request a connection.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } mars_time; int clock_gettime(int clock, mars_time *t);")

package.path = package.path .. ";" .. (debug.getinfo(1, "S").source:match("@(.*/)") or "./") .. "?.lua"
require("bulk")

local makeIds = init
local clock = ffi.new("mars_time[1]")
local interval, due

-- Seconds, on a clock that only goes forward.
local function now()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock[0].s) + tonumber(clock[0].ns) / 1e9
end

function init(args)
  makeIds()
  interval = 500 / tonumber(args[1])
  due = now()
end

-- Milliseconds until the next request.
function delay()
  due = due + interval
  return math.max(0, math.floor((due - now()) * 1000))
end
