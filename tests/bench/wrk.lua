-- wrk -s wrk.lua URL -- read|list|create: any record of any tenant. Prints one line of numbers at the end.
local what
local COUNT = 50000 -- more than a cell asks for: hardly one comes twice
local first = 100000000000
local issue = '{"title":"Supplier %d may fail without a notice","description":"Two of the three suppliers of the main product work from the '
   .. 'same region and share a carrier.","origin":"external","effect":"negative","concern":"isms_outcome","category":"economic",'
   .. '"influence":3,"control":2}'
local requests, turn = {}, 0 -- made before the clock runs: what the client spends, the service lacks
function init(args)
   what = args[1]
   math.randomseed(os.time())
   wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
   if what == "create" then wrk.headers["Content-Type"] = "application/json" end
   for i = 1, COUNT do
      local tenant = math.random(1000)
      local path = string.format("/api/v1/orgs/bench-%d/context/issues", first + tenant)
      if what == "create" then
         requests[i] = wrk.format("POST", path, nil, string.format(issue, math.random(1000000)))
      elseif what == "read" then
         requests[i] = wrk.format("GET", string.format("%s/00000000-0000-7000-8000-%d", path, first + (tenant - 1) * 1000 + math.random(1000)))
      else
         requests[i] = wrk.format("GET", path)
      end
   end
end
function request()
   turn = turn % COUNT + 1
   return requests[turn]
end
function done(summary, latency)
   local e = summary.errors
   io.write(string.format("BENCH %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      latency.max, e.connect + e.read + e.write + e.status + e.timeout))
end
