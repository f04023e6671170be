(* Coq's integers by zarith's: what Extract.v names. A positive is an integer that is positive. *)

module Z = Z

type t = Z.t

let zero = Z.zero
let one = Z.one
let same (p : t) = p
let odd p = Z.succ (Z.shift_left p 1)
let even p = Z.shift_left p 1

let match_positive if_odd if_even if_one p =
  if Z.equal p Z.one then if_one () else (if Z.is_odd p then if_odd else if_even) (Z.shift_right p 1)

let match_integer if_zero if_positive if_negative n =
  let s = Z.sign n in
  if s = 0 then if_zero () else if s > 0 then if_positive n else if_negative (Z.neg n)

let add, sub, mul, opp, abs, max, min = Z.add, Z.sub, Z.mul, Z.neg, Z.abs, Z.max, Z.min
let eqb, leb, ltb, gcd, lcm = Z.equal, Z.leq, Z.lt, Z.gcd, Z.lcm
let sgn n = Z.of_int (Z.sign n)

(* Rounded down; by zero it is zero. *)
let div a b = if Z.equal b Z.zero then Z.zero else Z.fdiv a b
let log2 n = if Z.sign n > 0 then Z.of_int (Z.numbits n - 1) else Z.zero

let shiftl a n =
  let n = Z.to_int n in
  if n >= 0 then Z.shift_left a n else Z.shift_right a (-n)

let to_pos n = if Z.sign n > 0 then n else Z.one
