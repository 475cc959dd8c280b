-- One event a request: random message ids, five events a message. With "now" as the first argument they happen when they
-- are sent; a second one is sent as authorization.
local stages = { "CREATED", "ACCEPTED", "QUEUED", "SENT", "DELIVERED" }
local prefix, n

local created
local headers = { ["Content-Type"] = "application/json" }

function init(args)
  created = args[1] == "now" and "" or ',"created_at":"2026-01-01T00:00:00.%06dZ"'
  if args[2] then headers["Authorization"] = args[2] end
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
  return wrk.format("POST", "/api/event", headers, body)
end
