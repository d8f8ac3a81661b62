-- Stands behind begin.lua in scripts that anybody may call at any time: they say which leases wait to be swept. What those
-- have left behind has keys that are not known here, so the caller sweeps.
local due
if redis.call('ZCARD', exp) > 0 then -- also refuses an :exp of another type
  local first = redis.call('ZRANGE', exp, '0', '0', 'WITHSCORES')
  if first[2] + 0 <= now() then
    due = redis.call('ZRANGEBYSCORE', exp, '-inf', string.format('%.0f', now()), 'LIMIT', '0', '4')
  end
end

-- What the script returns: the result, or where leases are due {the result, their ids...}.
local function done(result)
  if not due then
    return result
  end
  return {result, unpack(due)}
end
