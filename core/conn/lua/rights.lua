-- may(command, key, ...) ends the script with NOPERM unless the user is allowed to send that command. A script calls it
-- before its first write for each of the others: a write refused later would leave the earlier ones behind.
-- A server older than Redis 7.0 cannot be asked; there the order of the writes must leave nothing half done.
local function may(...)
  if redis.acl_check_cmd and not redis.acl_check_cmd(...) then
    error({err = 'NOPERM this user has no permission to run ' .. ... .. ' on this key'})
  end
end
