-- Stands after every script that writes: removes what expired leases left behind, a bounded part of it.
--
-- Which records a lease had is only known here, so their keys are built from ARGV[1]. That is safe in a cluster: they
-- carry the hash tag of KEYS[1], so the node that serves the one serves the others.
--
-- Nothing is due as long as the first lease to expire is there. That asks less of the server than comparing deadlines.
if not due and not gone
  and (not leases or redis.call('EXISTS', base .. 'lease:' .. redis.call('ZRANGE', exp, '0', '0')[1]) == 1) then
  return result
end

-- Removes a record, its place in the index and in its lease. Only the counter can refuse, and it comes first.
local function drop(key, lease)
  local change = count()
  local escaped = string.gsub(key, '[%%{}:*?%[%]\\%c]', function(c) -- as conn.Escape does it
    return string.format('%%%02X', string.byte(c))
  end)
  local rec, lk = base .. 'r:' .. escaped, base .. 'lk:' .. lease
  if redis.pcall('HGET', rec, 'lease') == lease then
    redis.call('DEL', rec)
    redis.pcall('ZREM', ix, key)
  end
  redis.pcall('SREM', lk, key)
  tell(change .. ':' .. key)
end

if gone then
  drop(ARGV[2], gone)
end
-- At most 16 leases a call. One that has more records than the budget stays and is due again.
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', exp, '-inf', now, 'LIMIT', 0, 16)) do
  redis.call('DEL', base .. 'lease:' .. id)
  local keys = redis.pcall('SRANDMEMBER', base .. 'lk:' .. id, budget)
  for _, key in ipairs(keys) do -- none if a foreign key of another type has the name: not ours to remove
    drop(key, id)
  end
  budget = budget - #keys
  if budget <= 0 then
    break
  end
  redis.call('ZREM', exp, id)
end

return result
