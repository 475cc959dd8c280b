-- One event a request: random message ids, five events a message. With the argument "now" they happen when they are sent.
local stages = { "CREATED", "ACCEPTED", "QUEUED", "SENT", "DELIVERED" }
local prefix, n

local created

function init(args)
  created = args[1] == "now" and "" or ',"created_at":"2026-01-01T00:00:00.%06dZ"'
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
  prefix = string.format("%08x", math.random(0, 2147483647))
  n = 0
end

function request()
  local message = math.floor(n / 5)
  local body = string.format(
    '{"app_id":"bench","message_id":"%08x-%s-%d","event":"%s"' .. created .. "}",
    (message * 2654435761) % 4294967296, prefix, message, stages[n % 5 + 1], n % 1000000)
  n = n + 1
  return wrk.format("POST", "/api/event", { ["Content-Type"] = "application/json" }, body)
end
