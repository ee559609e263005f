/// The opcodes of pickles, protocols 0 to 5.
///
/// Source: Python's `pickletools`.
enum PickleOpcode: UInt8, CaseIterable {
  // Numbers and constants.
  case int = 0x49
  case binint = 0x4A
  case binint1 = 0x4B
  case binint2 = 0x4D
  case long = 0x4C
  case long1 = 0x8A
  case long4 = 0x8B
  case float = 0x46
  case binfloat = 0x47
  case none = 0x4E
  case newtrue = 0x88
  case newfalse = 0x89
  // Texts and bytes.
  case string = 0x53
  case binstring = 0x54
  case shortBinstring = 0x55
  case binbytes = 0x42
  case shortBinbytes = 0x43
  case binbytes8 = 0x8E
  case bytearray8 = 0x96
  case nextBuffer = 0x97
  case readonlyBuffer = 0x98
  case unicode = 0x56
  case shortBinunicode = 0x8C
  case binunicode = 0x58
  case binunicode8 = 0x8D
  // Containers.
  case emptyList = 0x5D
  case append = 0x61
  case appends = 0x65
  case list = 0x6C
  case emptyTuple = 0x29
  case tuple = 0x74
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyDict = 0x7D
  case dict = 0x64
  case setitem = 0x73
  case setitems = 0x75
  case emptySet = 0x8F
  case additems = 0x90
  case frozenset = 0x91
  // The stack and the memo.
  case pop = 0x30
  case dup = 0x32
  case mark = 0x28
  case popMark = 0x31
  case get = 0x67
  case binget = 0x68
  case longBinget = 0x6A
  case put = 0x70
  case binput = 0x71
  case longBinput = 0x72
  case memoize = 0x94
  // Objects.
  case ext1 = 0x82
  case ext2 = 0x83
  case ext4 = 0x84
  case global = 0x63
  case stackGlobal = 0x93
  case reduce = 0x52
  case build = 0x62
  case inst = 0x69
  case obj = 0x6F
  case newobj = 0x81
  case newobjEx = 0x92
  case persid = 0x50
  case binpersid = 0x51
  // The pickle itself.
  case proto = 0x80
  case stop = 0x2E
  case frame = 0x95

  /// The name in `pickletools`: "SHORT_BINUNICODE".
  var name: String {
    "\(self)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
  }
}
