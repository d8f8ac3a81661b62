-- Which commands of ARGV the user may not send. KEYS only lead to the node that refused. Before Redis 7.0: none, for it cannot
-- be asked.
local missing = {}
for _, command in ipairs(ARGV) do
  local known, may = pcall(redis.acl_check_cmd, command)
  if known and not may then missing[#missing + 1] = command end
end
return missing
