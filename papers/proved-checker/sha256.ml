(* SHA-256, by FIPS 180-4: whether a certificate names the question it came with. No theorem needs it. *)

let mask = 0xffffffff
let ( +% ) a b = (a + b) land mask
let rotated n x = ((x lsr n) lor (x lsl (32 - n))) land mask

(* The first 32 bits of the fractional parts of roots of the first primes, in integers. *)
let primes =
  let is_prime n = not (List.exists (fun d -> n mod d = 0) (List.init (n - 2) (( + ) 2))) in
  Array.of_list (List.filteri (fun i _ -> i < 64) (List.filter is_prime (List.init 310 (( + ) 2))))

let fraction root prime =
  Z.to_int (Z.logand (Z.root (Z.shift_left (Z.of_int prime) (32 * root)) root) (Z.of_int mask))

let constants = Array.map (fraction 3) primes
let start = Array.map (fraction 2) (Array.sub primes 0 8)

let padded text =
  let n = String.length text in
  let tail = Bytes.make ((119 - (n mod 64)) mod 64 + 9) '\000' in
  Bytes.set tail 0 '\128';
  Bytes.set_int64_be tail (Bytes.length tail - 8) (Int64.of_int (8 * n));
  text ^ Bytes.to_string tail

let block text at state =
  let w = Array.make 64 0 in
  for i = 0 to 63 do
    w.(i) <-
      (if i < 16 then Int32.to_int (String.get_int32_be text (at + (4 * i))) land mask
       else
         let a = w.(i - 15) and b = w.(i - 2) in
         w.(i - 16)
         +% (rotated 7 a lxor rotated 18 a lxor (a lsr 3))
         +% w.(i - 7)
         +% (rotated 17 b lxor rotated 19 b lxor (b lsr 10)))
  done;
  let step (a, b, c, d, e, f, g, h) i =
    let t =
      h
      +% (rotated 6 e lxor rotated 11 e lxor rotated 25 e)
      +% (e land f lxor (lnot e land mask land g))
      +% constants.(i) +% w.(i)
    in
    let u = (rotated 2 a lxor rotated 13 a lxor rotated 22 a) +% (a land b lxor (a land c) lxor (b land c)) in
    (t +% u, a, b, c, d +% t, e, f, g)
  in
  let s = state in
  let a, b, c, d, e, f, g, h =
    List.fold_left step (s.(0), s.(1), s.(2), s.(3), s.(4), s.(5), s.(6), s.(7)) (List.init 64 Fun.id)
  in
  Array.map2 ( +% ) s [| a; b; c; d; e; f; g; h |]

let hex text =
  let text = padded text in
  let state = ref start in
  for i = 0 to (String.length text / 64) - 1 do
    state := block text (64 * i) !state
  done;
  String.concat "" (Array.to_list (Array.map (Printf.sprintf "%08x") !state))
