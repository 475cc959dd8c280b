-- POST /api/event with a message of its own for every request.
local thread_count = 0

function setup(thread)
  thread:set("thread_id", thread_count)
  thread_count = thread_count + 1
end

function init()
  sent = 0
end

function request()
  sent = sent + 1
  local body = string.format('{"app_id":"wrk-post","message_id":"%d-%d","event":"sent"}', thread_id, sent)
  return wrk.format("POST", "/api/event", { ["Content-Type"] = "application/json" }, body)
end
