-- Ends a lease and with it its records. They are gone from every reader's sight at this instant; of very many the first
-- are removed here and the rest by further sweeps, so that no script holds up the server for long.
-- KEYS[4]  :lease   KEYS[5]  :lk
-- ARGV[2]  its id   ARGV[3]  how many records may be removed here
-- Returns how many records are left to sweep, or -1 if the lease is gone.
if redis.call('EXISTS', KEYS[4]) == 0 then
  return -1
end
budget = ARGV[3] + 0
result = math.max(0, redis.call('SCARD', KEYS[5]) - budget) -- also refuses another type
tell(count())
redis.call('DEL', KEYS[4])
redis.call('ZADD', exp, 0, ARGV[2]) -- the first to be tidied up
due = true
