package keymap

import "slices"

// Scopes. Each has its place in the tree that scopes describes.
const (
	Always  Scope = "always"
	Move    Scope = "move"
	Global  Scope = "global"
	Row     Scope = "row"
	Table   Scope = "table"
	Detail  Scope = "detail"
	Columns Scope = "columns"
	Pager   Scope = "pager"
	Log     Scope = "log"
	Confirm Scope = "confirm"
	Search  Scope = "search"
	Copying Scope = "copying"
	Input   Scope = "input"
	Line    Scope = "line"
	Palette Scope = "palette"
	Form    Scope = "form"
	Editor  Scope = "editor"
)

type scope struct {
	Scope
	Parent Scope // its keys count here, too; none for Always
	Title  string
	Typing bool // characters are text here, and no command
}

// scopes in the order of the documentation, parents first.
func scopes() []scope {
	return []scope{
		{Always, "", "Anywhere", false},
		{Move, Always, "Moving", false},
		{Global, Move, "Views and screen", false},
		{Row, Global, "Acting on rows", false},
		{Table, Row, "In a table", false},
		{Detail, Row, "In the detail pane", false},
		{Search, Detail, "In the detail pane, during a search", false},
		{Columns, Move, "In the list of columns", false},
		{Pager, Move, "In the help and the command log", false},
		{Log, Pager, "In the command log", false},
		{Confirm, Move, "In a question", false},
		{Copying, Move, "In the copy menu", false},
		{Input, Always, "While typing", true},
		{Line, Input, "In the filter line", true},
		{Palette, Input, "In the palette", true},
		{Form, Input, "In a form", true},
		{Editor, Always, "In the editor", true},
	}
}

func describe(s Scope) scope {
	all := scopes()
	return all[slices.IndexFunc(all, func(one scope) bool { return one.Scope == s })]
}

// chain is a scope and those it inherits from, narrowest first.
func chain(s Scope) []Scope {
	var found []Scope
	all := scopes()
	for i := len(all) - 1; i >= 0; i-- { // parents stand before their children
		if all[i].Scope == s {
			found = append(found, s)
			s = all[i].Parent
		}
	}
	return found
}

// Actions.
const (
	Interrupt Action = "interrupt"
	Suspend   Action = "suspend"

	Up           Action = "up"
	Down         Action = "down"
	PageUp       Action = "page-up"
	PageDown     Action = "page-down"
	HalfPageUp   Action = "half-page-up"
	HalfPageDown Action = "half-page-down"
	Top          Action = "top"
	Bottom       Action = "bottom"
	Left         Action = "left"
	Right        Action = "right"

	Help        Action = "help"
	OpenPalette Action = "palette"
	NextView    Action = "next-view"
	PrevView    Action = "prev-view"
	View1       Action = "view-1"
	View2       Action = "view-2"
	View3       Action = "view-3"
	View4       Action = "view-4"
	View5       Action = "view-5"
	View6       Action = "view-6"
	View7       Action = "view-7"
	View8       Action = "view-8"
	View9       Action = "view-9"
	View10      Action = "view-10"
	Back        Action = "back"
	PrevPlace   Action = "previous-place"
	NextPlace   Action = "next-place"
	Filter      Action = "filter"
	Copy        Action = "copy"
	Pause       Action = "pause"
	Refresh     Action = "refresh"
	Undo        Action = "undo"
	UndoList    Action = "undo-list"
	CommandLog  Action = "command-log"
	Mouse       Action = "mouse"
	Quit        Action = "quit"

	Flush  Action = "flush"
	Bump   Action = "bump"
	Lock   Action = "lock"
	Unlock Action = "unlock"
	Edit   Action = "edit"
	Delete Action = "delete"
	Put    Action = "put"

	OpenDetail  Action = "detail"
	Jump        Action = "jump"
	Mark        Action = "mark"
	MarkRange   Action = "mark-range"
	MarkAll     Action = "mark-all"
	ClearMarks  Action = "clear-marks"
	Sort        Action = "sort"
	SortReverse Action = "sort-reverse"
	SetColumns  Action = "columns"
	Wide        Action = "wide"

	ShowColumn    Action = "show-column"
	ColumnBefore  Action = "column-before"
	ColumnAfter   Action = "column-after"
	ColumnWider   Action = "column-wider"
	ColumnNarrow  Action = "column-narrower"
	ColumnsReset  Action = "columns-reset"
	ColumnsAccept Action = "columns-close"

	NextLink    Action = "next-link"
	PrevLink    Action = "prev-link"
	FollowLink  Action = "follow-link"
	FindText    Action = "search"
	CloseDetail Action = "close-detail"

	NextMatch Action = "next-match"
	PrevMatch Action = "previous-match"

	Close Action = "close"

	OwnCommands Action = "own-commands"
	FindCommand Action = "find-command"

	Yes        Action = "yes"
	No         Action = "no"
	Press      Action = "press"
	NextButton Action = "next-button"
	PrevButton Action = "prev-button"
	AskAgain   Action = "ask-again"

	CopyKey     Action = "copy-key"
	CopyRow     Action = "copy-row"
	CopyCell    Action = "copy-cell"
	CopyJSON    Action = "copy-json"
	CopyContent Action = "copy-content"
	CopyChosen  Action = "copy-chosen"
	CopyNothing Action = "copy-nothing"

	Accept Action = "accept"
	Cancel Action = "cancel"

	OlderFilter Action = "older-filter"
	NewerFilter Action = "newer-filter"

	NextChoice Action = "next-choice"
	PrevChoice Action = "prev-choice"

	FormAgain Action = "form-again"
	NextField Action = "next-field"
	PrevField Action = "prev-field"

	Save  Action = "save"
	Leave Action = "leave"
)

func keys(k ...string) []string { return k }

// defaults is the whole table, in the order of the help.
func defaults() []Binding {
	return []Binding{
		{Action: Interrupt, Scope: Always, Keys: keys("ctrl+c"), Label: "quit", Help: "quit at once"},
		{Action: Suspend, Scope: Always, Keys: keys("ctrl+z"), Label: "suspend", Help: "suspend to the shell; fg resumes"},

		{Action: Up, Scope: Move, Keys: keys("up", "k"), Label: "up", Help: "one row up"},
		{Action: Down, Scope: Move, Keys: keys("down", "j"), Label: "down", Help: "one row down"},
		{Action: PageUp, Scope: Move, Keys: keys("pgup", "ctrl+b"), Label: "page up", Help: "one page up"},
		{Action: PageDown, Scope: Move, Keys: keys("pgdown", "ctrl+f"), Label: "page down", Help: "one page down"},
		{Action: HalfPageUp, Scope: Move, Keys: keys("ctrl+u"), Label: "half up", Help: "half a page up"},
		{Action: HalfPageDown, Scope: Move, Keys: keys("ctrl+d"), Label: "half down", Help: "half a page down"},
		{Action: Top, Scope: Move, Keys: keys("home", "g"), Label: "top", Help: "to the first row"},
		{Action: Bottom, Scope: Move, Keys: keys("end", "G"), Label: "bottom", Help: "to the last row"},
		{Action: Left, Scope: Move, Keys: keys("left"), Label: "left", Help: "scroll to the left"},
		{Action: Right, Scope: Move, Keys: keys("right"), Label: "right", Help: "scroll to the right"},

		{Action: Help, Scope: Global, Keys: keys("?"), Label: "help", Help: "show the keys that work here"},
		{Action: OpenPalette, Scope: Global, Keys: keys(":"), Label: "palette", Help: "find any action by name"},
		{Action: NextView, Scope: Global, Keys: keys("tab"), Label: "next view", Help: "go to the next view"},
		{Action: PrevView, Scope: Global, Keys: keys("shift+tab"), Label: "previous view", Help: "go to the previous view"},
		{Action: View1, Scope: Global, Keys: keys("1"), Label: "view 1", Help: "go to view 1"},
		{Action: View2, Scope: Global, Keys: keys("2"), Label: "view 2", Help: "go to view 2"},
		{Action: View3, Scope: Global, Keys: keys("3"), Label: "view 3", Help: "go to view 3"},
		{Action: View4, Scope: Global, Keys: keys("4"), Label: "view 4", Help: "go to view 4"},
		{Action: View5, Scope: Global, Keys: keys("5"), Label: "view 5", Help: "go to view 5"},
		{Action: View6, Scope: Global, Keys: keys("6"), Label: "view 6", Help: "go to view 6"},
		{Action: View7, Scope: Global, Keys: keys("7"), Label: "view 7", Help: "go to view 7"},
		{Action: View8, Scope: Global, Keys: keys("8"), Label: "view 8", Help: "go to view 8"},
		{Action: View9, Scope: Global, Keys: keys("9"), Label: "view 9", Help: "go to view 9"},
		{Action: View10, Scope: Global, Keys: keys("0"), Label: "view 10", Help: "go to view 10"},
		{Action: Back, Scope: Global, Keys: keys("esc"), Label: "back", Help: "go back, or drop the search or the filter"},
		{Action: PrevPlace, Scope: Global, Keys: keys("[", "alt+left"), Label: "place before", Help: "back to the previous view, row or link, as in a browser"},
		{Action: NextPlace, Scope: Global, Keys: keys("]", "alt+right"), Label: "place after", Help: "forward again, as in a browser"},
		{Action: Filter, Scope: Global, Keys: keys("/"), Label: "filter", Help: "filter what is listed (! inverse, ~ regular expression, col: one column)"},
		{Action: Copy, Scope: Global, Keys: keys("y"), Label: "copy", Help: "copy a cell, the row, its key, its JSON or its content"},
		{Action: Pause, Scope: Global, Keys: keys("p"), Label: "pause", Help: "pause, resume"},
		{Action: Refresh, Scope: Global, Keys: keys("r"), Label: "refresh", Help: "read again now"},
		{Action: Undo, Scope: Global, Keys: keys("z"), Label: "undo", Help: "undo the last action, where it can be undone", Dangerous: true},
		{Action: UndoList, Scope: Global, Keys: keys("Z"), Label: "undo list", Help: "list the last actions, to undo one of them"},
		{Action: CommandLog, Scope: Global, Keys: keys("c"), Label: "commands", Help: "show the Redis commands that were sent"},
		{Action: Mouse, Scope: Global, Keys: keys("M"), Label: "mouse", Help: "leave the mouse to the terminal, or take it back"},
		{Action: Quit, Scope: Global, Keys: keys("q"), Label: "quit", Help: "quit"},

		{Action: Flush, Scope: Row, Keys: keys("f"), Label: "flush", Help: "flush the buffer to a file, then empty it", Dangerous: true},
		{Action: Bump, Scope: Row, Keys: keys("b"), Label: "bump", Help: "raise the generation, which invalidates caches", Dangerous: true},
		{Action: Lock, Scope: Row, Keys: keys("l"), Label: "lock", Help: "take the lock", Dangerous: true},
		{Action: Unlock, Scope: Row, Keys: keys("u"), Label: "unlock", Help: "release the lock, if the token shown still holds it", Dangerous: true},
		{Action: Edit, Scope: Row, Keys: keys("e"), Label: "edit", Help: "edit the record and save it with compare-and-set", Dangerous: true},
		{Action: Delete, Scope: Row, Keys: keys("d"), Label: "delete", Help: "delete the record, or release the lease", Dangerous: true},
		{Action: Put, Scope: Row, Keys: keys("n"), Label: "new", Help: "put a new key into the database", Dangerous: true},

		{Action: OpenDetail, Scope: Table, Keys: keys("enter"), Label: "detail", Help: "show the whole record and its links"},
		{Action: Jump, Scope: Table, Keys: keys("'"), Label: "jump", Help: "go to the first row that begins with what is typed"},
		{Action: Mark, Scope: Table, Keys: keys("space"), Label: "mark", Help: "mark or unmark the row"},
		{Action: MarkRange, Scope: Table, Keys: keys("V", "shift+space"), Label: "mark range", Help: "mark all rows from the last mark to the cursor"},
		{Action: MarkAll, Scope: Table, Keys: keys("a"), Label: "mark all", Help: "mark all rows that the filter shows"},
		{Action: ClearMarks, Scope: Table, Keys: keys("A"), Label: "clear marks", Help: "clear all marks"},
		{Action: Sort, Scope: Table, Keys: keys("s"), Label: "sort", Help: "sort by a column; choose it again to reverse"},
		{Action: SortReverse, Scope: Table, Keys: keys("S"), Label: "reverse", Help: "reverse the order"},
		{Action: SetColumns, Scope: Table, Keys: keys("C"), Label: "columns", Help: "choose, order and resize the columns"},
		{Action: Wide, Scope: Table, Keys: keys("w"), Label: "wide", Help: "columns at full width, or fitted to the screen"},

		{Action: FollowLink, Scope: Detail, Keys: keys("enter"), Label: "follow", Help: "go to what the link names"},
		{Action: NextLink, Scope: Detail, Keys: keys("tab"), Label: "next link", Help: "to the next link", Shadows: []Action{NextView}},
		{Action: PrevLink, Scope: Detail, Keys: keys("shift+tab"), Label: "previous link", Help: "to the previous link", Shadows: []Action{PrevView}},
		{Action: FindText, Scope: Detail, Keys: keys("/"), Label: "search", Help: "search the text of the row", Shadows: []Action{Filter}},
		{Action: CloseDetail, Scope: Detail, Keys: keys("q"), Label: "close", Help: "close the detail", Shadows: []Action{Quit}},

		{Action: NextMatch, Scope: Search, Keys: keys("n"), Label: "next", Help: "to the next match", Shadows: []Action{Put}},
		{Action: PrevMatch, Scope: Search, Keys: keys("N"), Label: "previous", Help: "to the previous match"},

		{Action: ShowColumn, Scope: Columns, Keys: keys("space"), Label: "show or hide", Help: "show the column, or hide it"},
		{Action: ColumnBefore, Scope: Columns, Keys: keys("<"), Label: "forward", Help: "move the column forward", Shadows: []Action{Left}},
		{Action: ColumnAfter, Scope: Columns, Keys: keys(">"), Label: "back", Help: "move the column back", Shadows: []Action{Right}},
		{Action: ColumnWider, Scope: Columns, Keys: keys("+", "=", "right"), Label: "wider", Help: "make the column wider", Shadows: []Action{Right}},
		{Action: ColumnNarrow, Scope: Columns, Keys: keys("-", "left"), Label: "narrower", Help: "make the column narrower", Shadows: []Action{Left}},
		{Action: ColumnsReset, Scope: Columns, Keys: keys("0"), Label: "reset", Help: "restore the default columns"},
		{Action: ColumnsAccept, Scope: Columns, Keys: keys("esc", "enter", "q", "C"), Label: "close", Help: "close the list and keep the choice"},

		{Action: Close, Scope: Pager, Keys: keys("esc", "q"), Label: "close", Help: "close this"},
		{Action: OwnCommands, Scope: Log, Keys: keys("o"), Label: "own", Help: "only the commands of actions, or all"},
		{Action: FindCommand, Scope: Log, Keys: keys("/"), Label: "search", Help: "only the commands that contain what is typed"},

		{Action: Yes, Scope: Confirm, Keys: keys("y"), Label: "yes", Help: "do it"},
		{Action: No, Scope: Confirm, Keys: keys("n", "esc"), Label: "no", Help: "do nothing; from an unsaved text, go back to it"},
		{Action: Press, Scope: Confirm, Keys: keys("enter"), Label: "choose", Help: "press the focused button"},
		{Action: NextButton, Scope: Confirm, Keys: keys("tab", "right"), Label: "next", Help: "to the next button", Shadows: []Action{Right}},
		{Action: PrevButton, Scope: Confirm, Keys: keys("shift+tab", "left"), Label: "previous", Help: "to the previous button", Shadows: []Action{Left}},
		{Action: AskAgain, Scope: Confirm, Keys: keys("r"), Label: "ask again", Help: "ask again, if the rows in question have changed"},

		{Action: CopyKey, Scope: Copying, Keys: keys("k"), Label: "key", Help: "the raw key", Shadows: []Action{Up}},
		{Action: CopyRow, Scope: Copying, Keys: keys("r"), Label: "row", Help: "all cells, with tabs"},
		{Action: CopyCell, Scope: Copying, Keys: keys("c"), Label: "cell", Help: "one cell, by column"},
		{Action: CopyJSON, Scope: Copying, Keys: keys("j"), Label: "JSON", Help: "JSON, as get prints it", Shadows: []Action{Down}},
		{Action: CopyContent, Scope: Copying, Keys: keys("d"), Label: "content", Help: "the whole content"},
		{Action: CopyChosen, Scope: Copying, Keys: keys("enter", "y"), Label: "copy", Help: "copy the selected item"},
		{Action: CopyNothing, Scope: Copying, Keys: keys("esc", "q"), Label: "cancel", Help: "copy nothing"},

		{Action: Accept, Scope: Input, Keys: keys("enter"), Label: "accept", Help: "accept the input"},
		{Action: Cancel, Scope: Input, Keys: keys("esc"), Label: "cancel", Help: "discard the input"},

		{Action: OlderFilter, Scope: Line, Keys: keys("up", "ctrl+p"), Label: "older", Help: "the filter used before this one"},
		{Action: NewerFilter, Scope: Line, Keys: keys("down", "ctrl+n"), Label: "newer", Help: "the filter used after this one"},

		{Action: NextChoice, Scope: Palette, Keys: keys("down", "ctrl+n"), Label: "next", Help: "to the next choice"},
		{Action: PrevChoice, Scope: Palette, Keys: keys("up", "ctrl+p"), Label: "previous", Help: "to the previous choice"},

		{Action: NextField, Scope: Form, Keys: keys("tab", "down"), Label: "next", Help: "to the next field"},
		{Action: PrevField, Scope: Form, Keys: keys("shift+tab", "up"), Label: "previous", Help: "to the previous field"},
		{Action: FormAgain, Scope: Form, Keys: keys("ctrl+r"), Label: "ask again", Help: "ask again, if the rows in question have changed"},

		{Action: Save, Scope: Editor, Keys: keys("f2", "alt+enter"), Label: "save", Help: "save what was edited", Dangerous: true},
		{Action: Leave, Scope: Editor, Keys: keys("esc"), Label: "leave", Help: "leave without saving"},
	}
}
