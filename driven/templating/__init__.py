"""Templates in a project: find them, list and search them, get their values, and apply them as rules.

finding     which templates there are: the project's, those of accepted packs, those of plugins
conditions  which of them hold in this project, without rendering any
searching   which of them words mean
rendering   a template and values -> the text of a rule, by its compiled form
answering   what is asked for: given, typed, as before, or by default
kept        what was answered, and the texts that came of it
applying    rules of templates -> the plan of what is written, all or none
checking    every mistake of a project's own, at once
writing     a new template, or one of a rule
"""
