-- One POST again and again; arguments: path, body, then names and values of headers.
-- "@@@@@@@@" in the body stands for the request's number, so that no two are alike.
-- Prints one line of JSON at the end: what was answered, and how long it took.

local count = 0
local before, after

init = function(args)
  wrk.method, wrk.path = "POST", args[1]
  before, after = string.match(args[2], "^(.-)@@@@@@@@(.*)$")
  for place = 3, #args, 2 do wrk.headers[args[place]] = args[place + 1] end
end

request = function()
  count = count + 1
  return wrk.format(nil, nil, nil, before .. string.format("%08d", count) .. after)
end

done = function(summary, latency, requests)
  local wrong = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p99_ms": %f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3, wrong.status,
    wrong.connect + wrong.read + wrong.write + wrong.timeout))
end
