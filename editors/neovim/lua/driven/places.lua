-- Which files are rule files, and of which project. The server decides in the end; this keeps it from starting for nothing.
-- The tables are those of driven/document/places.py, and a test holds them together.
local M = {}

local function set(text)
  local found = {}
  for word in text:gmatch("%S+") do
    found[word] = true
  end
  return found
end

local NAMES = set([[
  .cursorrules copilot-instructions.md .windsurfrules global_rules.md CLAUDE.md CLAUDE.local.md .aider.conf.yml
  .aider.conf.yaml AGENTS.md AGENT.md AGENTS.override.md GEMINI.md QWEN.md WARP.md .rules .goosehints SKILL.md
  opencode.json opencode.jsonc .mcp.json .clinerules .roorules
]])
local TOP = { ["conventions.md"] = true } -- at the top of a project, in any letters
for name in pairs(NAMES) do
  TOP[name:lower()] = true
end
-- What a folder holds, wherever it stands: names of files and folders in it; `*` is everything, `-x` all but x.
local FOLDERS = {
  [".driven"] = set("rules config.toml"),
  [".cursor"] = set("rules mcp.json hooks.json cli.json commands agents"),
  [".github"] = set("instructions copilot-instructions.md chatmodes prompts agents hooks mcp.json"),
  [".vscode"] = set("mcp.json settings.json"),
  [".windsurf"] = set("rules workflows hooks.json"),
  [".devin"] = set("rules workflows hooks.v1.json mcp_config.json"),
  [".claude"] = set("rules agents commands settings.json settings.local.json"),
  [".clinerules"] = set("* -skills"),
  [".cline"] = set("rules workflows"),
  [".gemini"] = set("settings.json commands"),
  [".kiro"] = set("steering hooks settings"),
  [".kilo"] = set("rules"),
  [".kilocode"] = set("rules"),
  [".continue"] = set("rules config.yaml mcpservers"),
  [".agent"] = set("rules workflows"),
  [".agents"] = set("rules workflows hooks.json mcp_config.json"),
  [".augment"] = set("rules"),
  [".roo"] = set("rules mcp.json"),
  [".qwen"] = set("rules settings.json"),
  [".aiassistant"] = set("rules"),
  [".junie"] = set("guidelines.md agents.md mcp"),
  [".trae"] = set("rules mcp.json hooks.json"),
  [".amp"] = set("settings.json settings.jsonc"),
  [".codex"] = set("config.toml hooks.json"),
  [".zed"] = set("settings.json"),
  [".factory"] = set("mcp.json hooks.json"),
}
local SUFFIXES = { ".instructions.md", ".prompt.md", ".agent.md", ".chatmode.md" }

--- Whether the file at `path`, relative to its project and with `/`, is one that the server looks at.
function M.is_rule_file(path)
  local parts = vim.split(path, "/", { plain = true })
  local name = parts[#parts]
  for at = #parts - 1, 1, -1 do
    local holds = FOLDERS[parts[at]]
    local inner = parts[at + 1]:lower()
    if holds and (holds[inner] or (holds["*"] and not holds["-" .. inner])) then
      return true
    end
  end
  if NAMES[name] or name:lower() == "skill.md" or (#parts == 1 and TOP[name:lower()]) then
    return true
  end
  for _, suffix in ipairs(SUFFIXES) do
    if #name > #suffix and name:sub(-#suffix):lower() == suffix then
      return true
    end
  end
  return false
end

local function above(folder, marker)
  while folder and folder ~= "" do
    if vim.loop.fs_stat(folder .. "/" .. marker) then
      return folder
    end
    local parent = vim.fn.fnamemodify(folder, ":h")
    if parent == folder then
      return nil
    end
    folder = parent
  end
end

--- The project that `path` (absolute) belongs to: the folder that holds `.driven`, else the one with `.git`; or nil.
function M.root(path)
  local folder = vim.fn.isdirectory(path) == 1 and path or vim.fn.fnamemodify(path, ":h")
  return above(folder, ".driven") or above(folder, ".git")
end

--- The project of a buffer when the buffer holds one of its rule files; else nil.
function M.root_of_rule_file(buffer)
  local path = vim.api.nvim_buf_get_name(buffer)
  if path == "" or vim.bo[buffer].buftype ~= "" or path:match("^%a[%w+.-]+://") then
    return nil
  end
  path = vim.fn.fnamemodify(path, ":p")
  local root = M.root(path)
  if root and M.is_rule_file(path:sub(#root + (root == "/" and 1 or 2))) then
    return root
  end
end

return M
