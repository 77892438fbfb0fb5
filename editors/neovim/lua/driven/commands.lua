-- What `:Driven` does, and what a code lens or a code action of the server does when it is chosen.
local client = require("driven.client")
local views = require("driven.views")

local M = {}

local function uri_of(buffer)
  if vim.b[buffer].driven_uri then
    return vim.b[buffer].driven_uri
  end
  local path = vim.api.nvim_buf_get_name(buffer)
  if path == "" or vim.bo[buffer].buftype ~= "" then
    return nil
  end
  return vim.uri_from_fname(vim.fn.fnamemodify(path, ":p"))
end

local function reload()
  require("driven.status").reload()
end

-- After a sync: what it did, and what a person has to decide.
local function synced(result)
  reload()
  local wrong = #(result.conflicts or {}) + #(result.problems or {}) > 0
  client.say_once("answered", result.message, wrong and vim.log.levels.WARN or vim.log.levels.INFO)
  local lines = {}
  for _, path in ipairs(result.conflicts or {}) do
    lines[#lines + 1] = ("conflict: %s; open it, and `:Driven compare`"):format(path)
  end
  if #lines > 0 then
    client.say(table.concat(lines, "\n"), vim.log.levels.WARN)
  end
end

-- Each takes the argument of the server's command of the same name, and the buffer it is for.
local actions = {}

actions["driven.sync"] = function(argument, buffer)
  client.execute("driven.sync", argument, synced, buffer)
end
actions["driven.resolveConflict"] = function(argument, buffer)
  client.execute("driven.resolveConflict", argument, synced, buffer)
end
actions["driven.adopt"] = function(argument, buffer)
  client.execute("driven.adopt", argument, synced, buffer)
end
actions["driven.explain"] = function(argument, buffer)
  client.execute("driven.explain", argument, function(result)
    views.float(result.text, result.title, "text")
  end, buffer)
end
actions["driven.matches"] = function(argument, buffer)
  client.execute("driven.matches", argument, function(result)
    local prompt = #result.files < result.count and ("The first %d of %d files that match:"):format(#result.files, result.count)
    views.pick(result.files, prompt or "Files that match:", function(file)
      return file.path
    end, function(file)
      views.open(file.uri)
    end, result.message)
  end, buffer)
end
actions["driven.import"] = function(argument, buffer)
  client.execute("driven.import", argument, function(result)
    client.say_once("answered", result.message)
    if #result.uris == 1 then
      views.open(result.uris[1])
    end
  end, buffer)
end
actions["driven.openEmitted"] = function(argument, buffer)
  client.execute("driven.openEmitted", argument, function(result)
    views.pick(result.files or {}, "Open what was written of it:", function(file)
      return ("%s  (%s)"):format(file.path, file.title)
    end, function(file)
      views.open(file.uri)
    end, "nothing was written of it yet: `:Driven sync`")
  end, buffer)
end
actions["driven.openRule"] = function(argument, buffer)
  client.execute("driven.openRule", argument, function(result)
    views.pick(result.rules or {}, "Open the rule:", function(rule)
      return rule.id
    end, function(rule)
      views.open(rule.uri, rule.line)
    end, "no rule of this project is in this file")
  end, buffer)
end
actions["driven.sides"] = function(argument, buffer)
  client.execute("driven.sides", argument, function(result)
    if result.rule == result.edited then
      return client.say(result.path .. " is what the rules say; there is nothing to decide")
    end
    views.compare(result, result.uri or argument.uri)
  end, buffer)
end
actions["driven.fixAll"] = function(argument, buffer)
  client.execute("driven.fixAll", argument, function(result)
    local count = #(result.changed or {})
    local changed = count == 0 and "nothing to fix" or ("fixed " .. table.concat(result.changed, ", "))
    local left = result.left or 0
    local unsafe = result.unsafe or 0
    client.say(
      changed
        .. (left > 0 and ("; %d left that a person has to look at"):format(left) or "")
        .. (unsafe > 0 and (", %d of them for `:Driven! fix`: the file may mean something else then"):format(unsafe) or "")
    )
  end, buffer)
end
actions["driven.newRule"] = function(argument, buffer)
  client.execute("driven.newRule", argument, function(result)
    views.open(result.uri)
  end, buffer)
end
actions["driven.debugInfo"] = function(argument, buffer)
  client.execute("driven.debugInfo", argument, function(result)
    views.float("# driven\n\n```lua\n" .. vim.inspect(result) .. "\n```", "driven")
  end, buffer)
end

--- The `commands` of the client: a lens or an action of the server does the same as `:Driven`.
function M.hooks()
  local hooks = {}
  for name, action in pairs(actions) do
    hooks[name] = function(command, context)
      action((command.arguments or {})[1] or {}, context and context.bufnr)
    end
  end
  return hooks
end

local function tree(buffer, done)
  client.with_client(buffer, function(server)
    client.request(server, "driven/tree", vim.empty_dict(), function(result)
      done(result.roots or {})
    end)
  end)
end

local function needs_file(buffer)
  local uri = uri_of(buffer)
  if not uri then
    client.say("this window shows no file", vim.log.levels.WARN)
  end
  return uri
end

-- The words of `:Driven`: each is called with the words after it, the buffer, and whether there was a `!`.
local words = {}

function words.sync(_, buffer)
  actions["driven.sync"]({ uri = uri_of(buffer) }, buffer)
end

function words.explain(rest, buffer)
  local uri = rest[1] and vim.uri_from_fname(vim.fn.fnamemodify(rest[1], ":p")) or needs_file(buffer)
  if uri then
    actions["driven.explain"]({ uri = uri }, buffer)
  end
end

function words.rules(_, buffer)
  tree(buffer, function(roots)
    local rules = {}
    for _, root in ipairs(roots) do
      vim.list_extend(rules, root.rules or {})
    end
    local take = function(rule)
      views.open(rule.uri)
    end
    views.pick(rules, "Rules:", function(rule)
      local when = rule.activation .. ((rule.detail or "") ~= "" and (": " .. rule.detail) or "")
      local off = rule.active == false and ", switched off" or ""
      local held = (rule.held or "") ~= "" and ", held back" or ""
      return ("%s  %s  (%s%s%s)"):format(rule.id, rule.title or "", when, off, held)
    end, take, "there is no rule here yet: `:Driven new`")
  end)
end

function words.emitted(rest, buffer)
  local uri = uri_of(buffer)
  if uri and uri:find("/.driven/rules/", 1, true) then
    return actions["driven.openEmitted"]({ uri = uri, editor = rest[1] }, buffer)
  end
  tree(buffer, function(roots)
    local files = {}
    for _, root in ipairs(roots) do
      for _, editor in ipairs(root.editors or {}) do
        if not rest[1] or rest[1] == editor.name then
          for _, file in ipairs(editor.files or {}) do
            files[#files + 1] = { path = file.path, uri = file.uri, title = editor.title, state = file.state }
          end
        end
      end
    end
    views.pick(files, "Files of the editors:", function(file)
      return ("%s  (%s%s)"):format(file.path, file.title, file.state ~= "same" and ", " .. file.state or "")
    end, function(file)
      views.open(file.uri)
    end, "nothing was written yet: `:Driven sync`")
  end)
end

function words.matches(_, buffer)
  local uri = needs_file(buffer)
  if uri then
    actions["driven.matches"]({ uri = uri }, buffer)
  end
end

function words.rule(_, buffer)
  local uri = needs_file(buffer)
  if uri then
    local line = buffer == vim.api.nvim_get_current_buf() and vim.api.nvim_win_get_cursor(0)[1] - 1 or nil
    actions["driven.openRule"]({ uri = uri, line = line }, buffer)
  end
end

function words.compare(_, buffer)
  local uri = needs_file(buffer)
  if uri then
    actions["driven.sides"]({ uri = uri }, buffer)
  end
end

function words.resolve(rest, buffer)
  local uri = needs_file(buffer)
  local function decide(take)
    actions["driven.resolveConflict"]({ uri = uri, take = take }, buffer)
  end
  if not uri then
    return
  end
  if rest[1] then
    return decide(rest[1])
  end
  local sides = { rule = "the rule's side: the edit of the file is written over", edited = "the edited file's side: it becomes the rule" }
  views.pick({ "rule", "edited" }, "Take:", function(take)
    return sides[take]
  end, decide)
end

function words.adopt(_, buffer)
  local uri = needs_file(buffer)
  if uri then
    actions["driven.adopt"]({ uri = uri }, buffer)
  end
end

function words.fix(_, buffer, bang)
  actions["driven.fixAll"]({ uri = uri_of(buffer), unsafe = bang or nil }, buffer)
end

function words.new(rest, buffer)
  local function create(id)
    if id and id ~= "" then
      actions["driven.newRule"]({ id = id, uri = uri_of(buffer) }, buffer)
    end
  end
  if rest[1] then
    return create(rest[1])
  end
  vim.ui.input({ prompt = "Id of the new rule: " }, create)
end

function words.info(_, buffer)
  actions["driven.debugInfo"]({}, buffer)
end

local ORDER = { "sync", "explain", "rules", "emitted", "matches", "rule", "compare", "resolve", "adopt", "fix", "new", "info" }

function M.run(arguments, bang)
  local buffer = vim.api.nvim_get_current_buf()
  local rest = vim.list_slice(arguments, 2)
  local word = words[arguments[1]]
  if word then
    return word(rest, buffer, bang)
  end
  if arguments[1] then
    local known = table.concat(ORDER, ", ")
    return client.say(("no command `%s`; there are: %s"):format(arguments[1], known), vim.log.levels.ERROR)
  end
  vim.ui.select(ORDER, { prompt = "Driven:" }, function(choice)
    if choice then
      words[choice]({}, buffer, bang)
    end
  end)
end

local ARGUMENTS = {
  resolve = function()
    return { "rule", "edited" }
  end,
  emitted = function()
    local root = require("driven.status").of(0)
    return root and root.editors or {}
  end,
  explain = function(lead)
    return vim.fn.getcompletion(lead, "file")
  end,
}

function M.complete(lead, line)
  local typed = vim.split(vim.trim(line:gsub("^.-Driven!?", "")), "%s+")
  local word = (#typed > 1 or (typed[1] ~= "" and lead == "")) and typed[1]
  local choices = ORDER
  if word then
    choices = ARGUMENTS[word] and ARGUMENTS[word](lead) or {}
  end
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
