;;; driven-eglot.el --- `driven lsp' in Eglot  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The driven authors
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Loaded by driven.el when Eglot is.  Checked with Eglot 1.9 (Emacs 28).

;;; Code:

(require 'driven)
(require 'eglot)
(require 'project)

(defclass driven-eglot-server (eglot-lsp-server) ()
  :documentation "The language server of rule files.")

(defconst driven-eglot-modes '(driven-rule-mode driven-config-mode)
  "Major modes that the server manages.")

(defun driven-eglot-contact (&rest _)
  "The contact of the server, for Eglot."
  (cons 'driven-eglot-server driven-command))

(add-to-list 'eglot-server-programs (cons driven-eglot-modes #'driven-eglot-contact))
(put 'driven-rule-mode 'eglot-language-id "markdown")
(put 'driven-config-mode 'eglot-language-id "toml")

(cl-defmethod eglot-initialization-options ((_server driven-eglot-server))
  "Trust and settings."
  (driven-options))

(cl-defmethod eglot-handle-notification ((_server driven-eglot-server) (_method (eql 'driven/status))
                                         &key roots &allow-other-keys)
  "Show in the mode line how ROOTS stand."
  (driven-show-status roots))

;;;; A project is the folder of `.driven', also below the folder of `.git'

(defun driven-eglot-project (directory)
  "The project of a rule file in DIRECTORY, for Eglot alone."
  (when-let ((root (and (bound-and-true-p eglot-lsp-context)
                        (apply #'derived-mode-p driven-eglot-modes)
                        (driven-root directory))))
    (cons 'driven root)))

(add-hook 'project-find-functions #'driven-eglot-project)

(cl-defmethod project-root ((project (head driven)))
  "The folder of PROJECT."
  (cdr project))

(cl-defmethod project-files ((project (head driven)) &optional _directories)
  "Files of PROJECT whose folders Eglot is to watch.
Those with rule files, not the whole tree."
  (let ((root (cdr project)))
    (append (seq-filter #'file-regular-p (directory-files root t nil t))
            (mapcan (lambda (folder)
                      (let ((folder (concat root folder)))
                        (and (file-directory-p folder) (directory-files-recursively folder "\\`[^#]"))))
                    (cons ".driven" (remove ".driven/rules" driven-folders))))))

;;;; What driven.el asks

(defun driven-eglot--server (root)
  "The live server of ROOT, or nil."
  (cl-find-if (lambda (server) (and (cl-typep server 'driven-eglot-server) (jsonrpc-running-p server)))
              (gethash (cons 'driven root) eglot--servers-by-project)))

(defun driven-eglot--connect (root)
  "Start a server for ROOT, and wait for it."
  (let ((eglot-sync-connect t))
    (with-current-buffer (let ((driven-auto-start nil)) (find-file-noselect (concat root ".driven/config.toml")))
      (eglot driven-eglot-modes (cons 'driven root) 'driven-eglot-server driven-command
             (if (fboundp 'eglot--languages) '("markdown" "toml") "markdown"))))
  (driven-eglot--server root))

(defun driven-eglot-ensure ()
  "Have Eglot manage this buffer."
  (eglot-ensure))

(defun driven-eglot-request (root method params)
  "Ask the server of ROOT METHOD with PARAMS."
  (let ((server (or (driven-eglot--server root) (driven-eglot--connect root)
                    (user-error "`%s' does not start; is driven installed?" (string-join driven-command " ")))))
    (when (bound-and-true-p eglot--managed-mode)
      (eglot--signal-textDocument/didChange))
    (jsonrpc-request server (intern (concat ":" method)) params :timeout 60)))

(defun driven-eglot-notify (root method params)
  "Tell the server of ROOT METHOD with PARAMS."
  (jsonrpc-notify (driven-eglot--server root) (intern (concat ":" method)) params))

(defun driven-eglot-apply (edit)
  "Apply EDIT of a workspace."
  (eglot--apply-workspace-edit edit nil))

(provide 'driven-eglot)
;;; driven-eglot.el ends here
