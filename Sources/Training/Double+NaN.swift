extension Double {
  /// The same number, but for a NaN with a sign, which would be written as "-nan".
  package var withoutSignOfNaN: Double { isNaN ? .nan : self }
}
