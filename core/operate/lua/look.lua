-- KEYS[1]: any key. ARGV[1], ARGV[2]: the elements and bytes that are sealed; ARGV[3]: how many elements are shown;
-- ARGV[4]: how many bytes of each. Returns type, size, digest and the first elements. It writes nothing.
local kind, size, digest = seal(KEYS[1], ARGV[1], ARGV[2])
local n, cut = tonumber(ARGV[3]), tonumber(ARGV[4])
local head = {}
if kind == 'string' then head = {redis.call('GETRANGE', KEYS[1], 0, n * cut - 1)}; cut = n * cut
elseif kind == 'hash' then head = redis.call('HSCAN', KEYS[1], 0, 'COUNT', n)[2]; n = 2 * n
elseif kind == 'list' then head = redis.call('LRANGE', KEYS[1], 0, n - 1)
elseif kind == 'set' then head = redis.call('SSCAN', KEYS[1], 0, 'COUNT', n)[2]
elseif kind == 'zset' then head = redis.call('ZRANGE', KEYS[1], 0, n - 1, 'WITHSCORES'); n = 2 * n
elseif kind == 'stream' then head = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', n); n = 8 * n end
local out = {kind, tostring(size), digest}
for i, one in ipairs(flat(head, {})) do
  if i > n then break end
  out[#out + 1] = string.sub(one, 1, cut)
end
return out
