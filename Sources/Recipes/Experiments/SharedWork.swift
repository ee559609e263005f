/// Work that any number of processes on one folder divide among them.
package enum SharedWork {
  /// Has `attempt` do each item in turn, and those that another process has, for which it returns
  /// false, again and again until that one has done them or is gone.
  ///
  /// - Parameter wait: is told how many are left when all of them are others'.
  package static func each<Item>(
    of items: [Item], wait: (Int) throws -> Void, attempt: (Item) throws -> Bool
  ) rethrows {
    var left = items
    while !left.isEmpty {
      let before = left.count
      left = try left.filter { try !attempt($0) }
      if left.count == before { try wait(left.count) }
    }
  }
}
