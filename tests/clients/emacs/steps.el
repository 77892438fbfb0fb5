;;; steps.el --- What a person does in a project of driven, done in a real Emacs  -*- lexical-binding: t; -*-

;; emacs --batch -l INIT -l steps.el PROJECT ANSWERS, with INIT as the page of Emacs has it.  Writes what Emacs saw as
;; JSON to ANSWERS; test_emacs.py looks at that.  DRIVEN_CLIENT names the client: `eglot' or `lsp-mode'.

(require 'cl-lib)
(require 'json)
(require 'subr-x)

(defvar steps-project (file-name-as-directory (expand-file-name (pop command-line-args-left))))
(defvar steps-answers (expand-file-name (pop command-line-args-left)))
(defvar steps-client (intern (getenv "DRIVEN_CLIENT")))
(defvar steps-patience (string-to-number (or (getenv "DRIVEN_PATIENCE") "60")) "Seconds.")
(defvar steps-saw nil "What Emacs saw: an alist.")
(defvar steps-said nil "What Emacs said in the echo area, last first.")

(defun steps-note (key value)
  "Keep VALUE as KEY, and write all there is."
  (push (cons key value) steps-saw)
  (with-temp-file steps-answers
    (insert (json-encode (append (list (cons 'said (vconcat (reverse steps-said)))) (reverse steps-saw))))))

(defun steps-wait (what look)
  "Wait for LOOK to answer; WHAT it is for."
  (let ((end (+ (float-time) 60)) answer)
    (while (and (not (setq answer (funcall look))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless answer
      (error "Waited in vain for %s" what))
    answer))

(advice-add 'message :before
            (lambda (format-string &rest arguments)
              (when format-string
                (push (substring-no-properties (apply #'format-message format-string arguments)) steps-said))))

;; A person answers the prompts: yes, and of several things the one that is named.
(defvar steps-choice "" "Part of the label of what is chosen.")
(defun steps-choose (_prompt collection &rest _)
  "The completion of COLLECTION that holds `steps-choice'."
  (let ((all (all-completions "" collection)))
    (or (cl-find-if (lambda (label) (string-match-p (regexp-quote steps-choice) label)) all)
        (error "No `%s' in %S" steps-choice all))))
(fset 'y-or-n-p #'always)
(fset 'yes-or-no-p #'always)
(advice-add 'save-some-buffers :filter-args (lambda (arguments) (cons t (cdr arguments))))
(fset 'completing-read #'steps-choose)

(defun steps-path (path) "PATH in the project." (concat steps-project path))

(defun steps-settle ()
  "What the command loop does after a command: hooks, and what waits for the keyboard to rest."
  (run-hooks 'post-command-hook)
  (pcase steps-client
    ('eglot (when (bound-and-true-p eglot--managed-mode) (eglot--signal-textDocument/didChange)))
    ('lsp-mode (when (bound-and-true-p lsp-mode) (lsp--flush-delayed-changes)))))

(defun steps-open (path)
  "Visit PATH, and wait until the server has it."
  (find-file (steps-path path))
  (steps-settle)
  (steps-wait (format "a server for %s" path)
              (lambda ()
                (pcase steps-client
                  ('eglot (bound-and-true-p eglot--managed-mode))
                  ('lsp-mode (run-with-idle-timer 0 nil #'ignore)
                             (unless (bound-and-true-p lsp-mode) (lsp))
                             (cl-some (lambda (workspace) (eq (lsp--workspace-status workspace) 'initialized))
                                      (lsp-workspaces)))))))

(defun steps-diagnostics ()
  "What is underlined in this buffer: a list of (line text)."
  (pcase steps-client
    ('eglot (mapcar (lambda (d) (vector (line-number-at-pos (flymake-diagnostic-beg d)) (flymake-diagnostic-text d)))
                    (flymake-diagnostics)))
    ('lsp-mode (mapcar (lambda (d) (vector (1+ (lsp-get (lsp-get (lsp-get d :range) :start) :line))
                                       (lsp-get d :message)))
                       (gethash (buffer-file-name) (lsp-diagnostics t))))))

(defun steps-completions ()
  "What `completion-at-point' offers here."
  (let ((found (run-hook-with-args-until-success 'completion-at-point-functions)))
    (mapcar #'substring-no-properties
            (all-completions (buffer-substring-no-properties (nth 0 found) (nth 1 found)) (nth 2 found)))))

(defun steps-hover ()
  "What is said of the thing at point."
  (pcase steps-client
    ('eglot (let (text)
              (eglot-hover-eldoc-function (lambda (string &rest _) (setq text (substring-no-properties string))))
              (steps-wait "a hover" (lambda () text))))
    ('lsp-mode (let* ((hover (lsp-request "textDocument/hover" (lsp--text-document-position-params)))
                      (contents (and hover (lsp-get hover :contents))))
                 (and contents (substring-no-properties (lsp--render-on-hover-content contents t)))))))

(defun steps-text (path) "What stands in the file at PATH."
       (if (file-exists-p (steps-path path))
           (with-temp-buffer (insert-file-contents (steps-path path)) (buffer-string))
         ""))

(defvar steps-errors nil "What went wrong: an alist by step.")

(defmacro steps-step (name &rest body)
  "Do BODY, step NAME; what goes wrong is noted, and the next step goes on."
  (declare (indent 1))
  `(condition-case problem
       (progn ,@body)
     (error (push (cons ,name (error-message-string problem)) steps-errors))))

(defun steps-buffers-of (name)
  "Buffers of files called NAME."
  (cl-remove-if-not (lambda (buffer) (string-suffix-p name (or (buffer-file-name buffer) ""))) (buffer-list)))

(defun steps-write (path old new)
  "Put NEW for OLD in the file at PATH, as another program does."
  (with-temp-file (steps-path path)
    (insert-file-contents (steps-path path))
    (search-forward old)
    (replace-match new t t)))

(defun steps-sides ()
  "The two texts that `driven-compare' shows."
  (let (shown)
    (require 'ediff)
    (cl-letf (((symbol-function 'ediff-buffers)
               (lambda (a b &rest _)
                 (setq shown (mapcar (lambda (buffer)
                                       (with-current-buffer buffer
                                         (buffer-substring-no-properties (point-min) (point-max))))
                                     (list a b))))))
      (driven-compare))
    (vconcat shown)))

(steps-step "A diagnostic appears, goes when the mistake is corrected, and comes back with it"
  (steps-open ".driven/rules/broken.md")
  (steps-note 'mode (symbol-name major-mode))
  (steps-note 'derived (symbol-name (derived-mode-p 'markdown-mode 'text-mode)))
  (steps-note 'diagnostics (vconcat (steps-wait "a diagnostic" #'steps-diagnostics)))
  (goto-char (point-min))
  (search-forward "prioritty")
  (replace-match "priority")
  (steps-settle)
  (steps-wait "the diagnostic to go" (lambda () (null (steps-diagnostics))))
  (steps-note 'gone t)
  (search-backward "priority")
  (replace-match "prioritty" t t nil)
  (search-forward "priority" nil t)
  (steps-settle)
  (steps-wait "the diagnostic to come back" #'steps-diagnostics))

(steps-step "The fix, by the client's own command"
  (goto-char (point-min))
  (search-forward "prior")
  (setq steps-choice "priority")
  (pcase steps-client
    ('eglot (let ((last-nonmenu-event ?x)) (eglot-code-actions (point) (point) nil t)))
    ('lsp-mode (lsp-execute-code-action
                (cl-find-if (lambda (action) (string-match-p steps-choice (lsp-get action :title)))
                            (lsp-code-actions-at-point)))))
  (steps-settle)
  (steps-note 'fixed (buffer-substring-no-properties (point-min) (point-max)))
  (save-buffer)
  (steps-wait "the fixed rule to be synced" (lambda () (string-match-p "Every fix" (steps-text "AGENTS.md")))))

(steps-step "Completion of a key, and hover over one"
  (goto-char (point-min))
  (forward-line 2)
  (insert "ta\n")
  (backward-char 1)
  (steps-settle)
  (steps-note 'completions (vconcat (steps-completions)))
  (delete-region (line-beginning-position) (1+ (line-end-position)))
  (steps-settle)
  (goto-char (point-min))
  (search-forward "prior")
  (steps-note 'hover (steps-hover))
  (save-buffer))

(steps-step "A save that syncs every editor's files"
  (steps-open ".driven/rules/style.md")
  (goto-char (point-max))
  (insert "- Written in Emacs.\n")
  (steps-settle)
  (save-buffer)
  (dolist (path '("AGENTS.md" ".cursor/rules/style.mdc" ".windsurf/rules/style.md" ".claude/rules/style.md"
                  ".clinerules/style.md"))
    (steps-wait (format "the sync of %s" path) (lambda () (string-match-p "Written in Emacs" (steps-text path)))))
  (steps-note 'synced t)
  (steps-note 'mode-line (steps-wait "the status" (lambda () (and (gethash steps-project driven--roots)
                                                         (substring-no-properties (driven-mode-line)))))))

(steps-step "The commands of driven.el, also from a file that no server manages"
  (find-file (steps-path "src/api/users.ts"))
  (driven-explain)
  (steps-note 'explained (with-current-buffer "*driven explain*"
                           (buffer-substring-no-properties (point-min) (point-max))))
  (driven-sync)
  (steps-note 'sync-said (car steps-said))
  (find-file (steps-path ".driven/rules/style.md"))
  (setq steps-choice ".claude/rules/style.md")
  (driven-open-emitted)
  (steps-note 'emitted (file-relative-name buffer-file-name steps-project))
  (steps-note 'emitted-mode (symbol-name major-mode))
  (goto-char (point-max))
  (forward-line -1)
  (driven-open-rule)
  (steps-note 'rule (file-relative-name buffer-file-name steps-project))
  (driven-new-rule "errors")
  (steps-note 'new (file-relative-name buffer-file-name steps-project))
  (steps-note 'new-text (steps-text ".driven/rules/errors.md")))

(steps-step "Both sides of an editor's file that was edited, and the decision"
  (mapc (lambda (buffer) (with-current-buffer buffer (set-buffer-modified-p nil)) (kill-buffer buffer))
        (steps-buffers-of "style.md"))
  (steps-write ".driven/rules/style.md" "four spaces" "three spaces")
  (steps-write ".claude/rules/style.md" "four spaces" "two spaces")
  (find-file (steps-path ".claude/rules/style.md"))
  (steps-settle)
  (driven-sync)
  (steps-note 'conflict-said (car steps-said))
  (steps-note 'conflict-mode-line
              (steps-wait "the conflict in the mode line"
                          (lambda () (let ((text (driven-mode-line))) (and (string-match-p "conflict" text) text)))))
  (steps-note 'sides (steps-sides))
  (driven-resolve-conflict "edited")
  (steps-note 'resolved (steps-text ".driven/rules/style.md")))

(steps-step "All fixes of a file"
  (steps-open ".driven/rules/errors.md")
  (goto-char (point-min))
  (forward-line 1)
  (insert "prioritty: 3\n")
  (steps-settle)
  (driven-fix-all)
  (steps-note 'all-fixed (buffer-substring-no-properties (point-min) (point-max)))
  (save-buffer))

(steps-step "Rename, where a rule is named"
  (steps-open ".driven/rules/api.md")
  (goto-char (point-min))
  (search-forward "(style")
  (backward-char 2)
  (setq steps-said nil)
  (steps-note 'renamed (condition-case problem
                           (progn (pcase steps-client
                                    ('eglot (eglot-rename "layout"))
                                    ('lsp-mode (lsp-rename "layout")))
                                  t)
                         (error (error-message-string problem))))
  (save-some-buffers t)
  (steps-note 'rename-said (vconcat (reverse steps-said)))
  (steps-note 'api (with-current-buffer (find-buffer-visiting (steps-path ".driven/rules/api.md"))
                     (buffer-substring-no-properties (point-min) (point-max))))
  (steps-note 'rules (vconcat (sort (directory-files (steps-path ".driven/rules") nil "md\\'") #'string<))))

(steps-step "Rename by driven.el: the file, too"
  (find-file (steps-path ".driven/rules/errors.md"))
  (steps-settle)
  (driven-rename-rule "failures")
  (steps-note 'renamed-to (file-relative-name buffer-file-name steps-project))
  (steps-note 'rules-after (vconcat (sort (directory-files (steps-path ".driven/rules") nil "md\\'") #'string<))))

(steps-step "The end"
  (save-some-buffers t)
  (let* ((process (pcase steps-client
                    ('eglot (jsonrpc--process (driven-eglot--server steps-project)))
                    ('lsp-mode (lsp--workspace-proc (driven-lsp--workspace steps-project)))))
         (start (float-time)))
    (pcase steps-client
      ('eglot (eglot-shutdown (driven-eglot--server steps-project)))
      ('lsp-mode (let ((lsp-restart 'ignore)) (lsp-workspace-shutdown (driven-lsp--workspace steps-project)))))
    (steps-wait "the server to end" (lambda () (not (process-live-p process))))
    (steps-note 'ended (- (float-time) start))))

(steps-note 'errors (or steps-errors (make-hash-table)))
(steps-note 'done t)
;;; steps.el ends here
