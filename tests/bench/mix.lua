-- One start, then four polls of a job that was really started; arguments: key, body.
-- Prints one line of JSON at the end: what was answered, and how long it took.

local path = "/v1/generate/media"
local count = 0
local start, poll

init = function(args)
  local key, body = args[1], args[2]
  start = wrk.format("POST", path, {["X-API-Key"] = key, ["Content-Type"] = "application/json"}, body)
  poll_of = function(id) return wrk.format("GET", path .. "/" .. id, {["X-API-Key"] = key}) end
  -- An echo has no ids: the polls ask it for this one. The simulator's first answer replaces it.
  poll = poll_of("00000000-0000-4000-a000-000000000000")
end

request = function()
  count = count + 1
  if poll_of_a_job == nil or count % 5 == 0 then return start end
  return poll
end

response = function(status, headers, body)
  poll_of_a_job = true
  local id = string.match(body, '^{"generation_id":"([^"]+)"')
  if id then poll = poll_of(id) end
end

done = function(summary, latency, requests)
  local wrong = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p99_ms": %f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3, wrong.status,
    wrong.connect + wrong.read + wrong.write + wrong.timeout))
end
