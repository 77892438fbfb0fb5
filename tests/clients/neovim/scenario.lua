-- A person at work in a real Neovim: opens rules, reads, completes, fixes, renames, saves. What was seen goes into a file.
-- $DRIVEN_PLAN names a JSON file: {"result": where to, "root": the project, "name": of this Neovim, "emitted": [paths],
-- "typed": the rule of the page, "part": which session, "patience": seconds}.
-- More than 350 lines: it is one session from start to end, and each step stands on the ones before.
local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return ""
  end
  local text = file:read("*a")
  file:close()
  return text
end
local decode = vim.json and vim.json.decode or vim.fn.json_decode
local plan = decode(read(vim.env.DRIVEN_PLAN))
local seen, order, said, asked = {}, {}, {}, {}
local choose = function() end -- how this person answers the next question

vim.notify = function(message, level)
  said[#said + 1] = { message = message, level = level }
end
vim.ui.select = function(items, options, done)
  local show = options.format_item or tostring
  local lines = vim.tbl_map(show, items)
  asked[#asked + 1] = { prompt = options.prompt, lines = lines }
  local index = choose(lines)
  done(index and items[index], index)
end

-- The session is a coroutine; a timer takes it on when what it waits for has come. The editor's own loop runs in between.
local session
local condition, deadline
local timer = vim.loop.new_timer()
local function save() -- after each step, so that a session that hangs tells where
  local file = io.open(plan.result, "wb")
  file:write(vim.fn.json_encode({ seen = seen, order = order, said = said, asked = asked }))
  file:close()
end
local function finish()
  timer:stop()
  save()
  vim.cmd("qall!")
end
local function take_on(...)
  local ok, err = coroutine.resume(session, ...)
  if not ok then
    seen["the session"] = { error = tostring(err) .. debug.traceback(session) }
  end
  if coroutine.status(session) == "dead" then
    finish()
  end
end
timer:start(10, 10, vim.schedule_wrap(function()
  if not condition then
    return
  end
  local ok, answer = pcall(condition)
  if (ok and answer) or vim.loop.hrtime() > deadline then
    condition = nil
    take_on(ok and answer or nil, ok and "waited in vain" or answer)
  end
end))
local function wait(text, look)
  condition, deadline = look, vim.loop.hrtime() + plan.patience * 1e9
  local answer, why = coroutine.yield()
  if not answer then
    local line = vim.fn.line(".") .. ": " .. vim.fn.getline(".")
    error(("%s: %s (mode %s, line %s)"):format(text, why, vim.fn.mode(1), line), 2)
  end
  return answer
end
local function keys(text)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(text, true, false, true), "t", false)
end
local function step(name, act)
  order[#order + 1] = name
  save()
  local before = #said
  local ok, answer = xpcall(act, function(err)
    return tostring(err) .. "\n" .. debug.traceback()
  end)
  local messages = vim.tbl_map(function(entry)
    return entry.message
  end, vim.list_slice(said, before + 1))
  seen[name] = ok and { value = answer == nil and true or answer } or { error = answer }
  seen[name].modified = vim.tbl_filter(function(buffer)
    return vim.bo[buffer].modified
  end, vim.api.nvim_list_bufs())
  seen[name].said = table.concat(messages, "\n")
  choose = function() end
  if not ok then -- what it left half done is not the next one's
    keys("<C-\\><C-n>")
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].modified then
        vim.api.nvim_buf_call(buffer, function()
          vim.cmd("silent! edit!")
        end)
      end
    end
  end
end

local function rule(name)
  return plan.root .. "/.driven/rules/" .. name .. ".md"
end
local function clients()
  return vim.tbl_filter(function(client)
    return client.name == "driven"
  end, (vim.lsp.get_clients or vim.lsp.get_active_clients)())
end
local function attached() -- how many of ours
  return #vim.tbl_filter(function(client)
    return vim.lsp.buf_is_attached(0, client.id)
  end, clients())
end
local function wait_attached() -- 0.11 attaches when it is idle
  if plan.part ~= "missing" then
    wait("the server for " .. vim.api.nvim_buf_get_name(0), function()
      return attached() > 0
    end)
  end
end
local function open(path)
  vim.cmd("edit " .. vim.fn.fnameescape(path))
  if not path:find("README", 1, true) then
    wait_attached()
  end
end
local function reopen() -- as it stands on the disk
  vim.cmd("silent edit!")
  wait_attached()
  wait("the omnifunc", function()
    return vim.bo.omnifunc == "v:lua.vim.lsp.omnifunc"
  end)
end
local function lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end
local function go(pattern)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  assert(vim.fn.search(pattern, "cW") > 0, pattern .. " is not in the file:\n" .. table.concat(lines(), "\n"))
end
local function found(code)
  return vim.tbl_filter(function(entry)
    return not code or tostring(entry.code) == code
  end, vim.diagnostic.get(0))
end
local function under(entry) -- the text that is underlined
  local line = vim.api.nvim_buf_get_lines(0, entry.lnum, entry.lnum + 1, false)[1]
  return line:sub(entry.col + 1, entry.end_col)
end
local function said_since(before, pattern)
  for at = before + 1, #said do
    if said[at].message:find(pattern) then
      return said[at].message
    end
  end
end
local function floating(pattern)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), "\n")
      if text:find(pattern) then
        return text, window
      end
    end
  end
end
local function close_floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_is_valid(window) and vim.api.nvim_win_get_config(window).relative ~= "" then
      vim.api.nvim_win_close(window, true)
    end
  end
end
local function whole_session()
  step("version", function()
    local version = vim.version()
    return ("%d.%d.%d"):format(version.major, version.minor, version.patch)
  end)
  step("diagnostic", function()
    open(rule("broken"))
    wait("RUL06", function()
      return #found("RUL06") > 0
    end)
    local entry = found("RUL06")[1]
    return { message = entry.message, severity = entry.severity, text = under(entry), count = #found("RUL06") }
  end)
  step("attached once", function()
    return { clients = #clients(), filetype = vim.bo.filetype }
  end)
  step("not doubled", function()
    -- One more answer of the server is waited for: a pushed copy of what was pulled would have come before it.
    vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(0, "utf-16"), 10000)
    return #found("RUL06")
  end)
  step("fix", function()
    go("prioritty")
    choose = function(titles)
      for at, title in ipairs(titles) do
        if title:find("priority", 1, true) then
          return at
        end
      end
    end
    vim.lsp.buf.code_action()
    wait("the corrected key", function()
      return vim.tbl_contains(lines(), "priority: 10")
    end)
    return asked[#asked].lines
  end)
  step("diagnostic goes", function()
    wait("no RUL06", function()
      return #found("RUL06") == 0
    end)
    vim.cmd("undo")
    wait("RUL06 after undo", function()
      return #found("RUL06") > 0
    end)
    vim.cmd([[%s/prioritty/priority/]])
    wait("no RUL06 after the correction by hand", function()
      return #found("RUL06") == 0
    end)
  end)
  step("positions", function()
    -- A character that nobody sees, after characters of two bytes and of two UTF-16 units.
    vim.api.nvim_buf_set_lines(0, -1, -1, false, { "- é😀 zero\226\128\139width" })
    local entry = wait("GEN07", function()
      return found("GEN07")[1]
    end)
    local text = under(entry)
    go("zero")
    vim.api.nvim_win_set_cursor(0, { vim.fn.line("."), entry.col })
    choose = function(titles)
      for at, title in ipairs(titles) do
        if title:find("Delete what is not shown", 1, true) then
          return at
        end
      end
    end
    vim.lsp.buf.code_action()
    wait("the deletion", function()
      return vim.tbl_contains(lines(), "- é😀 zerowidth")
    end)
    vim.cmd("silent write")
    return text
  end)
  step("completion", function()
    open(rule("style"))
    go("^apply:")
    wait("the omnifunc", function()
      return vim.bo.omnifunc == "v:lua.vim.lsp.omnifunc"
    end)
    keys("cc" .. "apply: <C-x><C-o>")
    wait("the menu", function()
      return vim.fn.pumvisible() == 1 and #vim.fn.complete_info({ "items" }).items > 0
    end)
    local words = vim.tbl_map(function(item)
      return item.word
    end, vim.fn.complete_info({ "items" }).items)
    keys("<C-e><Esc>")
    wait("normal mode", function()
      return vim.fn.mode() == "n"
    end)
    reopen()
    return words
  end)
  step("completion is inserted", function()
    go("^apply:")
    keys("ccapply: al<C-x><C-o>")
    wait("the word", function()
      return vim.fn.getline(".") == "apply: always"
    end)
    keys("<C-y><Esc>")
    wait("normal mode", function()
      return vim.fn.mode() == "n"
    end)
    reopen()
  end)
  step("hover", function()
    go("^apply")
    -- Just opened anew: asked before the server knows the file it answers nothing, and one asks again.
    local asked = 0
    local text = wait("a floating window", function()
      local found = floating("%w")
      if not found and vim.loop.hrtime() > asked + 2e9 then
        asked = vim.loop.hrtime()
        vim.lsp.buf.hover()
      end
      return found
    end)
    close_floating()
    return text
  end)
  step("definition", function()
    open(rule("api"))
    go("style.md")
    vim.lsp.buf.definition()
    wait("style.md", function()
      return vim.api.nvim_buf_get_name(0):find("rules/style.md", 1, true)
    end)
  end)
  step("lens", function()
    open(rule("style"))
    wait("lenses", function()
      vim.lsp.codelens.refresh()
      return #vim.lsp.codelens.get(0) > 0 and vim.lsp.codelens.get(0)[1].command
    end)
    return vim.tbl_map(function(lens)
      return { title = lens.command.title, command = lens.command.command, line = lens.range.start.line }
    end, vim.lsp.codelens.get(0))
  end)
  step("lens runs", function()
    local lens = vim.lsp.codelens.get(0)[1]
    vim.api.nvim_win_set_cursor(0, { lens.range.start.line + 1, 0 })
    choose = function(titles)
      for at, title in ipairs(titles) do
        if title:find(".cursor/rules/style.mdc", 1, true) or title:find(lens.command.title, 1, true) then
          return at
        end
      end
    end
    vim.lsp.codelens.run()
    wait("Cursor's file", function()
      return vim.api.nvim_buf_get_name(0):find(".cursor/rules/style.mdc", 1, true)
    end)
  end)
  step("statusline", function()
    open(rule("style"))
    return wait("a status", function()
      local text = require("driven").status()
      return text ~= "" and text
    end)
  end)
  step("save", function()
    open(rule("style"))
    vim.api.nvim_buf_set_lines(0, -1, -1, false, { "- Saved by " .. plan.name .. " é😀." })
    vim.cmd("write")
    wait("all emitted files", function()
      for _, path in ipairs(plan.emitted) do
        if not read(plan.root .. "/" .. path):find("Saved by " .. plan.name, 1, true) then
          return false
        end
      end
      return true
    end)
  end)
  step(":Driven explain", function()
    vim.cmd("Driven explain " .. plan.root .. "/src/api/users.ts")
    local text, window = wait("the window", function()
      return floating("api")
    end)
    for _, open_window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(open_window).relative ~= "" then
        window = open_window
      end
    end
    assert(window == vim.api.nvim_get_current_win(), "the cursor is not in it")
    local filetype = vim.bo.filetype
    keys("q")
    wait("it closes", function()
      return not floating("api")
    end)
    return { text = text, filetype = filetype }
  end)
  step("tables in columns", function()
    open(rule("api"))
    go("^# API")
    vim.lsp.buf.hover()
    local hovered = wait("a floating window", function()
      return floating("Cursor")
    end)
    close_floating()
    vim.cmd("Driven explain")
    local explained = wait("the window", function()
      return floating("Cursor")
    end)
    keys("q")
    wait("it closes", function()
      return not floating("Cursor")
    end)
    return { hovered = hovered, explained = explained }
  end)
  step(":Driven matches", function()
    open(rule("api"))
    choose = function()
      return 2
    end
    local before = #asked
    vim.cmd("Driven matches")
    wait("the file that matches", function()
      return vim.api.nvim_buf_get_name(0):find("src/api/users.ts", 1, true)
    end)
    return asked[before + 1].lines
  end)
  step(":Driven rules", function()
    choose = function(titles)
      for at, title in ipairs(titles) do
        if title:match("^api ") then
          return at
        end
      end
    end
    local before = #asked
    vim.cmd("Driven rules")
    wait("the rule", function()
      return vim.api.nvim_buf_get_name(0):find("rules/api.md", 1, true)
    end)
    return asked[before + 1].lines
  end)
  step(":Driven emitted", function()
    choose = function(titles)
      for at, title in ipairs(titles) do
        if title:find(".cursor/rules/api.mdc", 1, true) then
          return at
        end
      end
    end
    local before = #asked
    vim.cmd("Driven emitted")
    wait("Cursor's file", function()
      return vim.api.nvim_buf_get_name(0):find(".cursor/rules/api.mdc", 1, true)
    end)
    return { lines = asked[before + 1].lines, filetype = vim.bo.filetype }
  end)
  step(":Driven emitted EDITOR", function()
    open(plan.root .. "/AGENTS.md")
    choose = function(titles)
      for at, title in ipairs(titles) do
        if title:find(".windsurf/rules/style.md", 1, true) then
          return at
        end
      end
    end
    local before = #asked
    vim.cmd("Driven emitted windsurf")
    wait("Windsurf's file", function()
      return vim.api.nvim_buf_get_name(0):find(".windsurf/rules/style.md", 1, true)
    end)
    return asked[before + 1].lines
  end)
  step(":Driven rule", function()
    vim.cmd("Driven rule")
    wait("the rule", function()
      return vim.api.nvim_buf_get_name(0):find(".driven/rules/style.md", 1, true)
    end)
  end)
  step(":Driven sync", function()
    local before = #said
    vim.cmd("Driven sync")
    return wait("an answer", function()
      return said_since(before, "driven: ")
    end)
  end)
  step(":Driven fix", function()
    open(rule("broken"))
    go("priority: 10")
    vim.cmd([[silent s/priority: 10/prioritty: 7\rtrigger: manual/]])
    vim.api.nvim_buf_set_lines(0, -1, -1, false, { "- One\226\128\139two." })
    wait("RUL06 and GEN07", function()
      return #found("RUL06") > 0 and #found("GEN07") > 0
    end)
    local before = #said
    vim.cmd("Driven fix")
    wait("the safe ones", function()
      return vim.tbl_contains(lines(), "- Onetwo.") and vim.tbl_contains(lines(), "priority: 7")
    end)
    local text = wait("an answer", function()
      return said_since(before, "fixed")
    end)
    assert(vim.tbl_contains(lines(), "trigger: manual"), "an unsafe fix was made without being asked for")
    vim.cmd("Driven! fix")
    wait("the other", function()
      return vim.tbl_contains(lines(), "apply: manual")
    end)
    vim.cmd("silent write")
    return text
  end)
  step(":Driven new", function()
    vim.cmd("Driven new fresh-rule")
    wait("the new rule", function()
      return vim.api.nvim_buf_get_name(0):find("rules/fresh%-rule.md") and #lines() > 1
    end)
    return lines()
  end)
  step(":Driven new, taken", function()
    local before = #said
    vim.cmd("Driven new style")
    return wait("a refusal", function()
      return said_since(before, "style")
    end)
  end)
  step(":Driven info", function()
    vim.cmd("Driven info")
    local text = wait("the window", function()
      return floating("version")
    end)
    close_floating()
    return text
  end)
  step(":Driven compare", function()
    -- The rule and Windsurf's file are edited in one place, differently: a conflict.
    open(rule("style"))
    go("four spaces")
    vim.cmd([[silent s/four/two/]])
    local handle = io.open(plan.root .. "/.windsurf/rules/style.md", "rb")
    local text = handle:read("*a")
    handle:close()
    handle = io.open(plan.root .. "/.windsurf/rules/style.md", "wb")
    handle:write((text:gsub("four", "eight")))
    handle:close()
    local before = #said
    vim.cmd("silent write")
    wait("a conflict in the status", function()
      return require("driven").status():find("conflict")
    end)
    local status = require("driven").status()
    open(plan.root .. "/.windsurf/rules/style.md")
    vim.cmd("Driven compare")
    wait("two windows that differ", function()
      return #vim.api.nvim_tabpage_list_wins(0) == 2 and vim.wo.diff
    end)
    local sides = {}
    for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
      local buffer = vim.api.nvim_win_get_buf(window)
      sides[#sides + 1] = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
    end
    return { sides = sides, status = status }
  end)
  step(":Driven resolve", function()
    choose = function()
      return 1
    end
    local before = #asked
    vim.cmd("Driven resolve")
    wait("the rule's side in the file", function()
      return read(plan.root .. "/.windsurf/rules/style.md"):find("two spaces", 1, true)
    end)
    wait("the file's window follows", function()
      return table.concat(lines(), "\n"):find("two spaces", 1, true)
    end)
    vim.cmd("tabclose")
    wait("no conflict in the status", function()
      return not require("driven").status():find("conflict")
    end)
    return asked[before + 1].lines
  end)
  step(":Driven adopt", function()
    open(rule("style"))
    go("two spaces")
    vim.cmd([[silent s/two/six/]])
    local path = plan.root .. "/.windsurf/rules/style.md"
    local text = read(path):gsub("two", "seven")
    local handle = io.open(path, "wb")
    handle:write(text)
    handle:close()
    vim.cmd("silent write")
    wait("a conflict in the status", function()
      return require("driven").status():find("conflict")
    end)
    open(path)
    vim.cmd("Driven adopt")
    wait("the file's side in the rule", function()
      return read(rule("style")):find("seven spaces", 1, true)
    end)
    wait("the file's side for Cursor", function()
      return read(plan.root .. "/.cursor/rules/style.mdc"):find("seven spaces", 1, true)
    end)
  end)
  step(":Driven, a word that is none", function()
    vim.cmd("Driven nonsense")
    return said[#said].message
  end)
  step(":Driven, completed", function()
    return {
      words = vim.fn.getcompletion("Driven ", "cmdline"),
      begun = vim.fn.getcompletion("Driven re", "cmdline"),
      sides = vim.fn.getcompletion("Driven resolve ", "cmdline"),
      editors = vim.fn.getcompletion("Driven emitted ", "cmdline"),
    }
  end)
  step("rename", function()
    open(rule("style"))
    reopen()
    open(rule("api"))
    reopen()
    go("style.md")
    vim.lsp.buf.rename("code-style")
    wait("the reference", function()
      return table.concat(vim.fn.getbufline(vim.fn.bufnr(rule("api")), 1, "$"), "\n"):find("code-style.md", 1, true)
    end)
    vim.cmd("silent! wall")
    wait("the file", function()
      return read(rule("code-style")):find("# Style", 1, true) and read(rule("style")) == ""
    end)
    wait("the editors' files", function()
      return read(plan.root .. "/.cursor/rules/code-style.mdc"):find("# Style", 1, true)
    end)
    return read(rule("api"))
  end)
  step("a file that is no rule", function()
    open(plan.root .. "/README.md")
    wait("the editor to be idle", function()
      return true
    end)
    return attached()
  end)
  step("checkhealth", function()
    vim.cmd("checkhealth driven")
    local text = table.concat(lines(), "\n")
    vim.cmd("bwipeout!")
    return text
  end)
end

local function with_settings()
  open(rule("style"))
  step("statusline", function()
    return wait("the project", function()
      local text = vim.api.nvim_eval_statusline(vim.o.statusline, {}).str
      return text:find("driven: %d") and text
    end)
  end)
  step("lenses by themselves", function()
    wait("lenses", function()
      return #vim.lsp.codelens.get(0) > 0
    end)
  end)
  step("settings", function()
    vim.cmd("Driven info")
    local text = wait("the window", function()
      return floating("settings")
    end)
    close_floating()
    return text
  end)
end

local function without_server()
  step("told", function()
    open(rule("broken"))
    return wait("a message", function()
      return said_since(0, "driven")
    end)
  end)
  step("told once", function()
    open(rule("style"))
    open(rule("api"))
    wait("the editor to be idle", function()
      return true
    end)
    return #said
  end)
  step(":Driven sync", function()
    local before = #said
    vim.cmd("Driven sync")
    return wait("a message", function()
      return said_since(before, "driven")
    end)
  end)
  step("checkhealth", function()
    vim.cmd("checkhealth driven")
    return table.concat(lines(), "\n")
  end)
end

-- What the page says to do first, in a project of nothing but `driven init`; the rule is typed as a person does.
local function first_finding()
  step("the rule is typed", function()
    open(rule("tests"))
    assert(vim.fn.filereadable(rule("tests")) == 0, "the file is there already")
    vim.bo.autoindent = false
    keys("i" .. plan.typed:gsub("<", "<lt>") .. "<Esc>")
    wait("the text", function()
      return vim.fn.mode() == "n" and table.concat(lines(), "\n") == plan.typed
    end)
  end)
  step("underlined", function()
    return under(wait("RUL06", function()
      return found("RUL06")[1]
    end))
  end)
  step("open_float", function()
    go("prioritty")
    local moved = false
    vim.api.nvim_create_autocmd("CursorMoved", { once = true, callback = function() moved = true end })
    keys("l")
    wait("the cursor to be there", function()
      return moved
    end)
    vim.cmd("lua vim.diagnostic.open_float()")
    local text = wait("the window", function()
      return floating("prioritty")
    end)
    close_floating()
    return text
  end)
  step("code_action", function()
    choose = function(titles)
      for at, title in ipairs(titles) do
        if title:find("Rename to `priority`", 1, true) then
          return at
        end
      end
    end
    vim.cmd("lua vim.lsp.buf.code_action()")
    wait("the corrected key", function()
      return vim.tbl_contains(lines(), "priority: 10")
    end)
  end)
  step("write", function()
    vim.cmd("write")
    wait("the emitted files", function()
      for _, path in ipairs(plan.emitted) do
        if not read(plan.root .. "/" .. path):find("Every fix comes with a test", 1, true) then
          return false
        end
      end
      return true
    end)
  end)
  step(":Driven emitted", function()
    local before = #asked
    vim.cmd("Driven emitted")
    wait("a question", function()
      return #asked > before
    end)
    return asked[#asked].lines
  end)
end

local parts = {
  whole = whole_session,
  settings = with_settings,
  missing = without_server,
  first = first_finding,
}
session = coroutine.create(parts[plan.part])
-- After start-up, as a person would begin.
vim.defer_fn(take_on, 1)
