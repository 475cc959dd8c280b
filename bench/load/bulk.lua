-- 500 events a request: random message ids, five events a message. With the argument "now" they happen when they are sent.
local stages = { "CREATED", "ACCEPTED", "QUEUED", "SENT", "DELIVERED" }
local prefix, n
local parts = {}

local now

function init(args)
  now = args and args[1] == "now"
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
  prefix = string.format("-%08x-", math.random(0, 2147483647))
  n = 0
end

function request()
  for i = 0, 99 do
    local id = string.format("%08x%s%d", (n * 2654435761) % 4294967296, prefix, n)
    for stage = 1, 5 do
      parts[i * 5 + stage] = '{"app_id":"bench","message_id":"' .. id .. '","event":"' .. stages[stage]
        .. (now and '"}' or '","created_at":"2026-01-01T00:00:00.00000' .. stage .. 'Z"}')
    end
    n = n + 1
  end
  local body = '{"events":[' .. table.concat(parts, ",") .. "]}"
  return wrk.format("POST", "/api/event/bulk", { ["Content-Type"] = "application/json" }, body)
end
