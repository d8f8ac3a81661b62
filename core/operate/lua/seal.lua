-- seal(key, elements, bytes) is the type of a key, how many elements or bytes it has, and a digest of all that it holds; an
-- empty one where that is more than so many elements, or bytes of a string, or of a type that is not known.
local function flat(value, into)
  if type(value) == 'table' then
    for _, one in ipairs(value) do flat(one, into) end
  else
    into[#into + 1] = tostring(value)
  end
  return into
end

local function seal(key, elements, bytes)
  local kind = redis.call('TYPE', key)
  if type(kind) == 'table' then kind = kind.ok end
  local count = ({string = 'STRLEN', hash = 'HLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', stream = 'XLEN'})[kind]
  if not count then return kind, 0, '' end
  local size, most = redis.call(count, key), elements
  if kind == 'string' then most = bytes end
  if size > tonumber(most) then return kind, size, '' end
  local all
  if kind == 'string' then all = {redis.call('GET', key)}
  elseif kind == 'hash' then all = redis.call('HGETALL', key)
  elseif kind == 'list' then all = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'set' then all = redis.call('SMEMBERS', key); table.sort(all)
  elseif kind == 'zset' then all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  else all = redis.call('XRANGE', key, '-', '+') end
  local parts = flat(all, {})
  for i, one in ipairs(parts) do parts[i] = #one .. ':' .. one end
  return kind, size, redis.sha1hex(table.concat(parts))
end
