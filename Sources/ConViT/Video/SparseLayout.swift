import Autodiff

/// Who looks at whom in a ``SparseAttention``, as groups whose queries look at the same keys.
struct SparseLayout: Sendable {
  /// Groups with equally many queries and equally many keys, one behind the other.
  struct Groups {
    let count: Int
    let queries: [Int]?  // tokens; nil for all, in order
    let keys: [Int]?  // places among the tokens that are seen; nil for all, in order
  }

  let count: Int  // all tokens, K + T·N
  let seen: [Int]?  // those that any patch looks at; nil for all
  let groups: [Groups]
  let order: [Int]?  // the place of each token among the queries of the groups; nil if in order

  private init(count: Int, seen: [Int]?, groups: [Groups]) {
    (self.count, self.seen, self.groups) = (count, seen, groups)
    let queries = groups.compactMap(\.queries).flatMap(\.self)
    var order = [Int](repeating: 0, count: count)
    for (place, token) in queries.enumerated() { order[token] = place }
    self.order = queries.isEmpty ? nil : order
  }

  /// Every other frame, row and column for all.
  static func global(_ grid: ClipGrid, _ tokens: Int) -> SparseLayout {
    let patches = grid.patches
    let seen = stride(from: 0, to: grid.frames, by: 2).flatMap { frame in
      stride(from: 0, to: patches.rows, by: 2).flatMap { row in
        stride(from: 0, to: patches.columns, by: 2).map { tokens + grid.index(frame, row, $0) }
      }
    }
    return SparseLayout(
      count: tokens + grid.count, seen: Array(0..<tokens) + seen,
      groups: [Groups(count: 1, queries: nil, keys: nil)])
  }

  /// The windows, of which those for as many rows and columns of queries go together.
  static func local(_ grid: ClipGrid, _ tokens: Int) -> SparseLayout {
    struct Size: Hashable { let rows, columns: Int }
    func places(_ rows: Range<Int>, _ columns: Range<Int>) -> [Int] {
      (0..<grid.frames).flatMap { frame in
        rows.flatMap { row in columns.map { tokens + grid.index(frame, row, $0) } }
      }
    }
    var (sizes, all): ([Size], [Size: [(queries: [Int], keys: [Int])]]) = ([], [:])
    for rows in Window.all(grid.patches.rows) {
      for columns in Window.all(grid.patches.columns) {
        let size = Size(rows: rows.centres.count, columns: columns.centres.count)
        if all[size] == nil { sizes.append(size) }
        all[size, default: []].append(
          (
            places(rows.centres, columns.centres),
            Array(0..<tokens) + places(rows.seen, columns.seen)
          ))
      }
    }
    var groups = sizes.map { size in
      let windows = all[size] ?? []
      return Groups(
        count: windows.count, queries: windows.flatMap(\.queries), keys: windows.flatMap(\.keys))
    }
    if tokens > 0 {
      groups.insert(Groups(count: 1, queries: Array(0..<tokens), keys: nil), at: 0)
    }
    return SparseLayout(count: tokens + grid.count, seen: nil, groups: groups)
  }

  /// Where a query may look, as the bias of an attention over all tokens: [1, count, count].
  func mask() -> Tensor {
    Tensor(unsafeUninitialized: Shape(1, count, count)) { out in
      for place in 0..<count * count { out[place] = -.infinity }
      let seen = seen ?? Array(0..<count)
      for part in groups {
        let queries = part.queries ?? Array(0..<count)
        let keys = part.keys ?? Array(seen.indices)
        for group in 0..<part.count {
          let (nq, nk) = (queries.count / part.count, keys.count / part.count)
          for query in queries[group * nq..<(group + 1) * nq] {
            for key in keys[group * nk..<(group + 1) * nk] { out[query * count + seen[key]] = 0 }
          }
        }
      }
    }
  }
}

/// A window of half an axis, and the places along the axis around which it is.
private struct Window {
  let seen, centres: Range<Int>

  static func all(_ length: Int) -> [Window] {
    let size = (length + 1) / 2
    let starts = (0..<length).map { min(max($0 - size / 2, 0), length - size) }
    return (0...length - size).compactMap { start in
      guard let first = starts.firstIndex(of: start), let last = starts.lastIndex(of: start) else {
        return nil
      }
      return Window(seen: start..<start + size, centres: first..<last + 1)
    }
  }
}
