"""What checks look at: an editor's file with its front matter and its Markdown, and all files of a repository."""
