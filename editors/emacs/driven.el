;;; driven.el --- Rules for AI coding agents, live in every editor  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The driven authors

;; Author: The driven authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: tools, languages, convenience
;; SPDX-License-Identifier: MIT OR Apache-2.0

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A thin client of `driven lsp', the language server of rule files: the rules in .driven/rules, and what each editor
;; reads (CLAUDE.md, AGENTS.md, .cursor/rules, ...).  It runs in Eglot or in lsp-mode, whichever you use.
;;
;;   (require 'driven)
;;
;; Open a rule file.  Saving one writes every editor's files.  `driven-sync', `driven-explain', `driven-open-emitted',
;; `driven-open-rule', `driven-compare', `driven-resolve-conflict', `driven-fix-all', `driven-rename-rule' and
;; `driven-new-rule' do the rest, from any buffer of the project; bind `driven-command-map' to a prefix key of yours.
;;
;; More than 350 lines, for commands, files and modes stand together: one file to read.
;; Rule files get a major mode of their own, `driven-rule-mode', on top of `markdown-mode' where that is installed:
;; Eglot gives a major mode one server, and so the other Markdown files of a project stay with the server you have.

;;; Code:

(require 'cl-lib)
(require 'conf-mode)
(require 'seq)
(require 'subr-x)

(declare-function driven-eglot-ensure "driven-eglot" ())
(declare-function driven-eglot-request "driven-eglot" (root method params))
(declare-function driven-eglot-apply "driven-eglot" (edit))
(declare-function driven-eglot-notify "driven-eglot" (root method params))
(declare-function driven-lsp-ensure "driven-lsp" ())
(declare-function driven-lsp-request "driven-lsp" (root method params))
(declare-function driven-lsp-apply "driven-lsp" (edit))
(declare-function driven-lsp-notify "driven-lsp" (root method params))
(declare-function ediff-buffers "ediff" (buffer-a buffer-b &optional startup-hooks job-name))

(defgroup driven nil
  "Rules for AI coding agents."
  :group 'tools
  :prefix "driven-")

(defcustom driven-command '("driven" "lsp")
  "The command that starts the language server, a list of strings."
  :type '(repeat string))

(defcustom driven-client nil
  "The language client to use, or nil for the one in use.
That is `lsp-mode' where it is loaded, and else Eglot."
  :type '(choice (const :tag "the one in use" nil) (const eglot) (const lsp-mode)))

(defcustom driven-auto-start t
  "Whether opening a rule file starts the server."
  :type 'boolean)

(defcustom driven-auto-revert t
  "Whether a buffer of a rule file follows its file, which a sync may write."
  :type 'boolean)

(defcustom driven-trusted t
  "Whether plugins of the project may be loaded, and files written.
With nil the server answers questions and does nothing else."
  :type 'boolean)

(defcustom driven-sync-on-save t
  "Whether saving a rule writes every editor's files."
  :type 'boolean)

(defcustom driven-code-lens t
  "Whether a line above a rule tells where it lands.
For clients that show that: `lsp-mode', not Eglot."
  :type 'boolean)

(defcustom driven-inlay-hints t
  "Whether sizes are shown beside the text.
For clients that show that: Eglot 1.10 or later, `lsp-mode' 9 or later."
  :type 'boolean)

(defcustom driven-workspace-diagnostics t
  "Whether rule files that are not open are checked, too."
  :type 'boolean)

;;;; Which files

(defconst driven-file-names
  '(".cursorrules" "copilot-instructions.md" ".windsurfrules" "global_rules.md" "CLAUDE.md" "CLAUDE.local.md"
    "AGENTS.md" "AGENT.md" "AGENTS.override.md" "GEMINI.md" "QWEN.md" "WARP.md" ".rules" ".goosehints" "SKILL.md"
    ".clinerules" ".roorules" "CONVENTIONS.md" "conventions.md")
  "Names of rule files, wherever they stand.")

(defconst driven-file-suffixes '(".mdc" ".instructions.md" ".prompt.md" ".agent.md" ".chatmode.md")
  "Ends of names of rule files.")

(defconst driven-folders
  '(".driven/rules" ".cursor/rules" ".cursor/commands" ".cursor/agents" ".github/instructions" ".github/chatmodes"
    ".github/prompts" ".github/agents" ".windsurf/rules" ".windsurf/workflows" ".devin/rules" ".devin/workflows"
    ".claude/rules" ".claude/agents" ".claude/commands" ".clinerules" ".cline/rules" ".cline/workflows"
    ".gemini/commands" ".kiro/steering" ".kilo/rules" ".kilocode/rules" ".continue/rules" ".agent/rules"
    ".agent/workflows" ".agents/rules" ".agents/workflows" ".augment/rules" ".roo/rules" ".qwen/rules"
    ".aiassistant/rules" ".junie" ".trae/rules" ".amazonq/rules")
  "Folders whose Markdown files are rule files.")

(defconst driven-rule-regexp
  (concat "\\(?:/" (regexp-opt driven-file-names)
          "\\|" (regexp-opt driven-file-suffixes)
          "\\|/" (regexp-opt driven-folders) "[^/]*/\\(?:.*/\\)?[^/]+\\.md\\)\\'")
  "Matches names of files that open in `driven-rule-mode'.")

(defconst driven-config-regexp "/\\(?:\\.driven/config\\.toml\\|\\.aider\\.conf\\.ya?ml\\)\\'"
  "Matches names of files that open in `driven-config-mode'.")

(defun driven-rule-file-p (file)
  "Whether FILE is a rule file or lists some, by its name."
  (and file
       (string-match-p (concat driven-rule-regexp "\\|" driven-config-regexp) (expand-file-name file))
       t))

(defun driven-root (&optional file)
  "The project of FILE, by default of this buffer: the folder of `.driven', or nil."
  (when-let ((root (locate-dominating-file (or file buffer-file-name default-directory) ".driven")))
    (file-name-as-directory (expand-file-name root))))

;;;; Modes

;; An alias, so that the mode of rule files derives from Markdown's where there is one.
(defalias 'driven-text-mode (if (fboundp 'markdown-mode) 'markdown-mode 'text-mode)
  "What `driven-rule-mode' derives from.")

(define-derived-mode driven-rule-mode driven-text-mode "Rule"
  "Major mode of Markdown that tells coding agents what to do."
  (driven-mode 1))

(define-derived-mode driven-config-mode conf-toml-mode "Rule config"
  "Major mode of `.driven/config.toml', and of settings that list rule files."
  (driven-mode 1))

(add-to-list 'auto-mode-alist (cons driven-rule-regexp 'driven-rule-mode))
(add-to-list 'auto-mode-alist (cons driven-config-regexp 'driven-config-mode))

(defvar driven-command-map
  (let ((map (make-sparse-keymap)))
    (define-key map "s" #'driven-sync)
    (define-key map "e" #'driven-explain)
    (define-key map "o" #'driven-open-emitted)
    (define-key map "g" #'driven-matches)
    (define-key map "r" #'driven-open-rule)
    (define-key map "=" #'driven-compare)
    (define-key map "c" #'driven-resolve-conflict)
    (define-key map "f" #'driven-fix-all)
    (define-key map "m" #'driven-rename-rule)
    (define-key map "n" #'driven-new-rule)
    map)
  "The commands of driven, to be bound to a prefix key.")
(fset 'driven-command-map driven-command-map)

(define-minor-mode driven-mode
  "Let `driven lsp' look after this rule file.
The mode line shows how its project stands."
  :lighter (:eval (driven-mode-line))
  (when (and driven-mode buffer-file-name)
    (when (and driven-auto-revert (not noninteractive))
      (auto-revert-mode 1))
    (when driven-auto-start
      (driven-ensure))))

;;;; The server

(defun driven--client ()
  "Load the language client in use, and name it."
  (let ((client (or driven-client (if (featurep 'lsp-mode) 'lsp-mode 'eglot))))
    (require client)
    client))

;;;###autoload
(defun driven-ensure ()
  "Start `driven lsp' for this buffer, where it is a rule file of a project."
  (interactive)
  (when (and (driven-root) (driven-rule-file-p buffer-file-name))
    (pcase (driven--client)
      ('lsp-mode (driven-lsp-ensure))
      (_ (driven-eglot-ensure)))))

(defun driven--json (value)
  "VALUE as a boolean of JSON."
  (if value t :json-false))

(defun driven-options ()
  "What the server is told first."
  (list :trusted (driven--json driven-trusted)
        :status t
        :settings (list :sync (list :onSave (driven--json driven-sync-on-save))
                        :codeLens (list :enable (driven--json driven-code-lens))
                        :inlayHints (list :enable (driven--json driven-inlay-hints))
                        :diagnostics (list :workspace (driven--json driven-workspace-diagnostics)))))

(defun driven--get (object key)
  "What OBJECT of an answer, a plist or a hash table, has under KEY, a string.
Null and false are nil, an array is a list."
  (let ((value (if (hash-table-p object)
                   (gethash key object)
                 (plist-get object (intern (concat ":" key))))))
    (cond ((memq value '(:json-false :null :json-null :false)) nil)
          ((vectorp value) (append value nil))
          (t value))))

(defun driven--uri (file)
  "FILE as a URI."
  (concat "file://" (url-hexify-string (file-local-name (expand-file-name file)) url-path-allowed-chars)))

(defun driven--request (method params &optional root)
  "Ask the server of ROOT, by default of this buffer, METHOD with PARAMS, a plist."
  (let ((root (or root (driven-root)
                  (user-error "There is no .driven above %s; `driven init' in a terminal makes one"
                              (abbreviate-file-name default-directory)))))
    (condition-case problem
        (pcase (driven--client)
          ('lsp-mode (driven-lsp-request root method params))
          (_ (driven-eglot-request root method params)))
      (user-error (signal (car problem) (cdr problem)))
      (error (user-error "%s" (or (alist-get 'jsonrpc-error-message (cl-remove-if-not #'consp (cdr problem)))
                                  (error-message-string problem)))))))

(defun driven--execute (command &rest argument)
  "Have the server execute COMMAND with ARGUMENT, a plist; return its answer."
  (driven--request "workspace/executeCommand"
                   (list :command (concat "driven." command)
                         :arguments (if argument (vector argument) []))))

(defun driven--here ()
  "The URI of this buffer's file."
  (driven--uri (or buffer-file-name (user-error "This buffer has no file"))))

(defun driven--choose (prompt things label)
  "Ask PROMPT for one of THINGS, each shown as LABEL says; of one, take it."
  (if (cdr things)
      (let ((by-label (mapcar (lambda (thing) (cons (funcall label thing) thing)) things)))
        (cdr (assoc (completing-read prompt by-label nil t) by-label)))
    (car things)))

(defun driven--visit (uri &optional line)
  "Show the file of URI, at LINE (0 is the first)."
  (find-file (url-unhex-string (string-remove-prefix "file://" uri) t))
  (set-buffer-multibyte t)
  (when line
    (goto-char (point-min))
    (forward-line line)))

;;;; How the project stands

(defvar driven--roots (make-hash-table :test #'equal)
  "What was said last of each project: folder -> object.")

(defun driven-show-status (roots)
  "Keep how ROOTS stand, for the mode line."
  (seq-doseq (root roots)
    (let ((folder (url-unhex-string (string-remove-prefix "file://" (driven--get root "uri")))))
      (puthash (file-name-as-directory (decode-coding-string folder 'utf-8)) root driven--roots)))
  (force-mode-line-update t))

(defun driven-mode-line ()
  "The lighter of `driven-mode'."
  (let ((root (and buffer-file-name (gethash (or (driven-root) "") driven--roots))))
    (if (null root)
        " driven"
      (let ((state (driven--get root "state"))
            (drift (or (driven--get root "drift") 0))
            (conflicts (or (driven--get root "conflicts") 0))
            (held (or (driven--get root "held") 0)))
        (propertize
         (concat " driven"
                 (cond ((equal state "clean") "")
                       ((equal state "conflict") (format ":%d conflict%s" conflicts (if (= conflicts 1) "" "s")))
                       ((equal state "drift") (format ":%d to write" drift))
                       ((equal state "held") (format ":%d held back" held))
                       (t (concat ":" state))))
         'help-echo (driven--get root "message")
         'face (and (member state '("conflict" "error" "held")) 'warning))))))

;;;; Commands

(defun driven--told (answer)
  "Say what a sync did, from its ANSWER."
  (let ((said (or (driven--get answer "message") ""))
        (problem (car (driven--get answer "problems")))
        (conflicts (driven--get answer "conflicts")))
    (message "%s" (string-join
                   (delq nil (list said
                                   (and problem (not (string-search problem said)) problem)
                                   (and conflicts (format "`driven-compare' shows both sides of %s"
                                                          (string-join conflicts ", ")))))
                   "; "))
    answer))

;;;###autoload
(defun driven-sync ()
  "Write every editor's rule files."
  (interactive)
  (save-some-buffers nil (lambda () (driven-rule-file-p buffer-file-name)))
  (driven--told (apply #'driven--execute "sync" (and buffer-file-name (list :uri (driven--here))))))

;;;###autoload
(defun driven-explain ()
  "Say which rules hold for this file in each editor, and why."
  (interactive)
  (let ((text (driven--get (driven--execute "explain" :uri (driven--here)) "text")))
    (with-current-buffer (get-buffer-create "*driven explain*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert text))
      (special-mode)
      (goto-char (point-min))
      (display-buffer (current-buffer)))))

;;;###autoload
(defun driven-open-emitted ()
  "Open an editor's file of this rule."
  (interactive)
  (let ((files (driven--get (driven--execute "openEmitted" :uri (driven--here)) "files")))
    (unless files
      (user-error "No editor has a file of this; `driven-sync' writes them"))
    (driven--visit (driven--get (driven--choose "Editor's file: " files
                                                (lambda (file) (format "%s: %s" (driven--get file "title")
                                                                       (driven--get file "path"))))
                                "uri"))))

;;;###autoload
(defun driven-matches ()
  "Open one of the files that the globs of this rule match."
  (interactive)
  (let* ((answer (driven--execute "matches" :uri (driven--here)))
         (files (driven--get answer "files")))
    (unless files
      (user-error "%s" (driven--get answer "message")))
    (driven--visit (driven--get (driven--choose "File that matches: " files (lambda (file) (driven--get file "path")))
                                "uri"))))

;;;###autoload
(defun driven-open-rule ()
  "Open the rule that this line of an editor's file comes from."
  (interactive)
  (let ((rules (driven--get (driven--execute "openRule" :uri (driven--here)
                                             :line (1- (line-number-at-pos nil t)))
                            "rules")))
    (unless rules
      (user-error "This comes from no rule"))
    (let ((rule (driven--choose "Rule: " rules (lambda (rule) (driven--get rule "id")))))
      (driven--visit (driven--get rule "uri") (driven--get rule "line")))))

(defun driven--side (name text)
  "A read-only buffer NAME with TEXT."
  (with-current-buffer (get-buffer-create name)
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert text))
    (driven--plain)
    (current-buffer)))

(defun driven--plain ()
  "Make this buffer one to look at, without a server."
  (let ((driven-auto-start nil))
    (funcall 'driven-text-mode))
  (set-buffer-modified-p nil)
  (setq buffer-read-only t))

;;;###autoload
(defun driven-compare ()
  "Compare the rule's side of this editor's file with the edited file's.
In a rule that is in conflict with one file, compare the sides of that file."
  (interactive)
  (require 'ediff)
  (let* ((sides (driven--execute "sides" :uri (driven--here)))
         (path (driven--get sides "path"))
         (there (expand-file-name path (driven-root))))
    (ediff-buffers (driven--side (format "*rules: %s*" path) (driven--get sides "rule"))
                   (if (or (buffer-modified-p) (not (equal (file-truename there) (file-truename buffer-file-name))))
                       (driven--side (format "*edited: %s*" path) (driven--get sides "edited"))
                     (current-buffer)))))

;;;###autoload
(defun driven-resolve-conflict (take)
  "Decide the conflict of this editor's file.
TAKE is \"rule\", the rule's side, or \"edited\", the edited file's side.  In a
rule, the one file that is in conflict with it is decided."
  (interactive
   (list (car (split-string (completing-read "Take: " '("rule: the rule's side" "edited: the edited file's side")
                                             nil t)
                            ":"))))
  (driven--told (driven--execute "resolveConflict" :uri (driven--here) :take take)))

;;;###autoload
(defun driven-fix-all (&optional unsafe)
  "Repair what can be repaired in this file.
With UNSAFE (a prefix argument), also what may change a meaning."
  (interactive "P")
  (let ((answer (driven--execute "fixAll" :uri (driven--here) :unsafe (driven--json unsafe))))
    (message "%d file(s) repaired, %d finding(s) left%s" (length (driven--get answer "changed"))
             (or (driven--get answer "left") 0)
             (let ((unsafe (or (driven--get answer "unsafe") 0)))
               (if (> unsafe 0)
                   (format ", %d of them with C-u: the file may mean something else then" unsafe)
                 "")))))

;;;###autoload
(defun driven-new-rule (id)
  "Make a rule ID in this project, and open it."
  (interactive "sNew rule (a-z, 0-9, - and /): ")
  (driven--visit (driven--get (apply #'driven--execute "newRule" :id id
                                     (and buffer-file-name (list :uri (driven--here))))
                              "uri")))

;;;###autoload
(defun driven-rename-rule (id)
  "Rename the rule of this buffer to ID: its file, and wherever it is named.
`eglot-rename' and `lsp-rename' do the same where a rule is named."
  (interactive "sNew id (a-z, 0-9, - and /): ")
  (let* ((old (or buffer-file-name (user-error "This buffer has no file")))
         (rules (concat (or (driven-root) (user-error "There is no .driven above this file")) ".driven/rules/"))
         (new (concat rules id ".md")))
    (unless (string-prefix-p rules old)
      (user-error "This is no rule; `driven-open-rule' opens the rule that it comes from"))
    (when (file-exists-p new)
      (user-error "There is a rule `%s'" id))
    (let* ((files (list :files (vector (list :oldUri (driven--uri old) :newUri (driven--uri new)))))
           (edit (driven--request "workspace/willRenameFiles" files)))
      (when edit
        (pcase (driven--client)
          ('lsp-mode (driven-lsp-apply edit))
          (_ (driven-eglot-apply edit))))
      (save-some-buffers t (lambda () (driven-rule-file-p buffer-file-name)))
      (make-directory (file-name-directory new) t)
      (rename-file old new)
      (find-alternate-file new)
      (pcase (driven--client)
        ('lsp-mode (driven-lsp-notify (driven-root) "workspace/didRenameFiles" files))
        (_ (driven-eglot-notify (driven-root) "workspace/didRenameFiles" files)))
      (when (and driven-trusted driven-sync-on-save)
        (driven--execute "sync" :uri (driven--uri new)))
      (message "`%s' is `%s' now" (file-name-base old) id))))

(provide 'driven)

;; After `provide': both require this file, and the client may be loaded already.
(with-eval-after-load 'eglot (require 'driven-eglot))
(with-eval-after-load 'lsp-mode (require 'driven-lsp))

;;; driven.el ends here
