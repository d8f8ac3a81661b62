package actorstore

// The messages inside an actor: each keeps its own unknown members, and a present but empty one stays present.

func (s *scanner) snapshotInfo() *SnapshotInfo {
	if !s.enter('{') {
		return nil
	}
	m := &SnapshotInfo{}
	for s.more('}') {
		from := s.pos
		switch s.name() {
		case "type":
			m.Type = s.enum(snapshotNames)
		case "external":
			m.External = s.external()
		case "local":
			m.Local = s.local()
		default:
			m.unknown = s.unknown(m.unknown, from)
		}
	}
	return m
}

func (s *scanner) external() *ExternalSnapshot {
	if !s.enter('{') {
		return nil
	}
	m := &ExternalSnapshot{}
	for s.more('}') {
		from := s.pos
		switch s.name() {
		case "snapshotUriPrefix":
			m.SnapshotUriPrefix = s.str()
		default:
			m.unknown = s.unknown(m.unknown, from)
		}
	}
	return m
}

func (s *scanner) local() *LocalSnapshot {
	if !s.enter('{') {
		return nil
	}
	m := &LocalSnapshot{}
	for s.more('}') {
		from := s.pos
		switch s.name() {
		case "snapshotPrefix":
			m.SnapshotPrefix = s.str()
		case "nodeVmsWithLocalSnapshots":
			m.NodeVmsWithLocalSnapshots = nil
			if s.enter('[') {
				for s.more(']') {
					m.NodeVmsWithLocalSnapshots = append(m.NodeVmsWithLocalSnapshots, s.quoted())
				}
			}
		default:
			m.unknown = s.unknown(m.unknown, from)
		}
	}
	return m
}

func (s *scanner) selector() *Selector {
	if !s.enter('{') {
		return nil
	}
	m := &Selector{}
	for s.more('}') {
		from := s.pos
		switch s.name() {
		case "matchLabels":
			m.MatchLabels = nil
			if s.enter('{') {
				m.MatchLabels = make(map[string]string)
				for s.more('}') {
					label := s.name()
					m.MatchLabels[label] = s.quoted()
				}
			}
		default:
			m.unknown = s.unknown(m.unknown, from)
		}
	}
	return m
}

func (m *SnapshotInfo) write(w *writer) {
	if m == nil {
		return
	}
	w.key("latestSnapshotInfo")
	w.open()
	w.enum("type", m.Type, unspecifiedSnapshot)
	if e := m.External; e != nil {
		w.key("external")
		w.open()
		w.str("snapshotUriPrefix", e.SnapshotUriPrefix)
		w.unknown(e.unknown)
		w.close()
	}
	if l := m.Local; l != nil {
		w.key("local")
		w.open()
		w.str("snapshotPrefix", l.SnapshotPrefix)
		w.strs("nodeVmsWithLocalSnapshots", l.NodeVmsWithLocalSnapshots)
		w.unknown(l.unknown)
		w.close()
	}
	w.unknown(m.unknown)
	w.close()
}

func (m *Selector) write(w *writer) {
	if m == nil {
		return
	}
	w.key("workerSelector")
	w.open()
	w.table("matchLabels", m.MatchLabels)
	w.unknown(m.unknown)
	w.close()
}
