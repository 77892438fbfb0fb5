;;; driven-lsp.el --- `driven lsp' in lsp-mode  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The driven authors
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Loaded by driven.el when lsp-mode is.  The client is an add-on: it runs beside any other server of the buffer.
;; Checked with lsp-mode 8.0.

;;; Code:

(require 'driven)
(require 'lsp-mode)

(dolist (entry '((driven-rule-mode . "markdown") (driven-config-mode . "toml")))
  (add-to-list 'lsp-language-id-configuration entry))

(lsp-register-custom-settings
 '(("driven.sync.onSave" driven-sync-on-save t)
   ("driven.codeLens.enable" driven-code-lens t)
   ("driven.inlayHints.enable" driven-inlay-hints t)
   ("driven.diagnostics.workspace" driven-workspace-diagnostics t)))

(defun driven-lsp--status (_workspace params)
  "Show in the mode line what PARAMS of `driven/status' say."
  (driven-show-status (driven--get params "roots")))

(defun driven-lsp--activate-p (file _mode)
  "Whether FILE is a rule file of a project."
  (and (driven-root file) (driven-rule-file-p file)))

(lsp-register-client
 (make-lsp-client :new-connection (lsp-stdio-connection (lambda () driven-command))
                  :activation-fn #'driven-lsp--activate-p
                  :server-id 'driven
                  :add-on? t
                  :initialization-options #'driven-options
                  ;; What a lens runs when it is clicked: the client itself would ask, and show no answer.
                  :action-handlers (let ((handlers (make-hash-table :test #'equal)))
                                     (dolist (entry '(("driven.matches" . driven-matches)
                                                      ("driven.explain" . driven-explain)
                                                      ("driven.openEmitted" . driven-open-emitted)))
                                       (puthash (car entry) (lambda (_action) (funcall (cdr entry))) handlers))
                                     handlers)
                  :notification-handlers (let ((handlers (make-hash-table :test #'equal)))
                                           (puthash "driven/status" #'driven-lsp--status handlers)
                                           handlers)))

(defun driven-lsp--workspace (root)
  "The workspace of ROOT, or nil."
  (lsp-find-workspace 'driven (concat root ".driven/config.toml")))

(defun driven-lsp--connect (root)
  "Start a server for ROOT, and wait until it answers."
  (with-current-buffer (let ((driven-auto-start nil)) (find-file-noselect (concat root ".driven/config.toml")))
    (lsp)
    (let ((end (+ (float-time) 30)))
      (while (and (< (float-time) end)
                  (not (when-let ((workspace (driven-lsp--workspace root)))
                         (eq (lsp--workspace-status workspace) 'initialized))))
        (accept-process-output nil 0.05))))
  (driven-lsp--workspace root))

(defun driven-lsp-ensure ()
  "Have `lsp-mode' manage this buffer."
  (lsp-deferred))

(defun driven-lsp-request (root method params)
  "Ask the server of ROOT METHOD with PARAMS."
  (let ((workspace (or (driven-lsp--workspace root) (driven-lsp--connect root)
                       (user-error "`%s' does not start; is driven installed?" (string-join driven-command " ")))))
    (with-lsp-workspace workspace
      (lsp-request method params))))

(defun driven-lsp-notify (root method params)
  "Tell the server of ROOT METHOD with PARAMS."
  (with-lsp-workspace (driven-lsp--workspace root)
    (lsp-notify method params)))

(defun driven-lsp-apply (edit)
  "Apply EDIT of a workspace."
  (lsp--apply-workspace-edit edit))

(provide 'driven-lsp)
;;; driven-lsp.el ends here
