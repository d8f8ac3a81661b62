-- Deletes an actor's or a worker's document.
-- KEYS[1] the document
-- ARGV[1] its kind: actor or worker
-- ARGV[2] the expected version, in decimal; '' deletes any
-- ARGV[3] 'suspended' when only an actor in STATUS_SUSPENDED may go
-- ARGV[4] the atespace that the document must name; '' when its key does
-- Returns 1: deleted, 0: missing, -1: another version, -2: not suspended, -3: the document cannot be read, {-4, name}: it
-- has a member that could carry a state. Only 1 writes.
local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
if ARGV[2] ~= '' or ARGV[3] ~= '' or ARGV[4] ~= '' then
  local doc = decode(stored)
  if not doc then return -3 end
  if ARGV[4] ~= '' and member(doc, 'atespace', '') ~= ARGV[4] then return 0 end
  if ARGV[2] ~= '' and version(doc, stored) ~= ARGV[2] then return -1 end
  if ARGV[3] ~= '' then
    local name = newer(doc) or carrier(doc, 'actor')
    if name then return {-4, name} end
    local status = member(doc, 'status', 0)
    if status ~= 'STATUS_SUSPENDED' and status ~= 4 then return -2 end
  end
end
redis.call('DEL', KEYS[1])
if ARGV[1] == 'worker' then tell(2, stored) end
return 1
