(* From text to what the proved program takes. Nothing here is proved: that a question is the one that was meant is seen
   from what printer.ml prints of it; that a certificate is read rightly need not be known. *)

open Checker
module Z = Whole.Z

exception Unreadable of string

let refuse message = raise (Unreadable message)
let need condition message = if not condition then refuse message
let words line = List.filter (( <> ) "") (String.split_on_char ' ' (String.map (function '\t' | '\r' | '\011' | '\012' -> ' ' | c -> c) line))

let rec nat n = if n = 0 then O else S (nat (n - 1))

(* -- numbers -------------------------------------------------------------------------------------------------------- *)

let most_digits = 4300
let is_digits s = s <> "" && String.length s <= most_digits && String.for_all (fun c -> c >= '0' && c <= '9') s

let digits s =
  need (is_digits s) ("a number like " ^ String.sub s 0 (min 40 (String.length s)));
  Z.of_string s

let small s =
  need (is_digits s && String.length s <= 9) "a number that is too large";
  int_of_string ("0u" ^ s)

let ratio text =
  let n = String.length text in
  need (n > 0) "a number that is missing";
  let is_signed = text.[0] = '-' || text.[0] = '+' in
  let body = if is_signed then String.sub text 1 (n - 1) else text in
  let value =
    match (String.index_opt body '/', String.index_opt body '.') with
    | Some i, _ ->
        let below = digits (String.sub body (i + 1) (String.length body - i - 1)) in
        need (Z.sign below > 0) "nothing below a fraction";
        Q.make (digits (String.sub body 0 i)) below
    | None, Some i ->
        let behind = String.sub body (i + 1) (String.length body - i - 1) in
        ignore (digits behind);
        Q.make (Z.add (Z.mul (digits (String.sub body 0 i)) (Z.pow (Z.of_int 10) (String.length behind))) (digits behind))
          (Z.pow (Z.of_int 10) (String.length behind))
    | None, None -> Q.of_bigint (digits body)
  in
  if text.[0] = '-' then Q.neg value else value

let rational text =
  let value = ratio text in
  { qnum = Q.num value; qden = Q.den value }

let common values = List.fold_left (fun d v -> Z.lcm d (Q.den v)) Z.one values
let times d v = Q.num (Q.mul v (Q.of_bigint d))

let rec pairs = function
  | value :: name :: rest -> (value, name) :: pairs rest
  | [] -> []
  | [ _ ] -> refuse "something that is half a pair"

(* -- the question --------------------------------------------------------------------------------------------------- *)

let layer width relu rows =
  let n = List.length rows in
  let mask = match relu with "relu" -> String.make n '1' | "linear" -> String.make n '0' | bits -> bits in
  need (String.length mask = n && String.for_all (fun c -> c = '0' || c = '1') mask) "a layer's ReLUs";
  let rows = List.map (List.map ratio) rows in
  need (List.for_all (fun row -> List.length row = width + 1) rows) "a layer's width";
  let d = common (List.concat rows) in
  let neuron row =
    match List.rev_map (times d) row with bias :: weights -> (List.rev weights, bias) | [] -> refuse "an empty row"
  in
  { denominator = d; neurons = List.map neuron rows; relus = List.map (( = ) '1') (List.of_seq (String.to_seq mask)) }

(* The layer and the number that a name stands for. *)
let place last name =
  let rest k = String.sub name k (String.length name - k) in
  need (String.length name > 1) "a name that is too short";
  match name.[0] with
  | 'x' -> (0, small (rest 1))
  | 'y' -> (last, small (rest 1))
  | 'h' -> (
      match String.split_on_char '.' (rest 1) with
      | [ layer; number ] -> (small layer, small number)
      | _ -> refuse (name ^ " where it is not"))
  | _ -> refuse (name ^ " where it is not")

(* A condition on what the layers up to the last one return; of the domain there is none. *)
let condition widths last kinds row =
  let bound, row = match List.rev row with bound :: row -> (ratio bound, row) | [] -> refuse "an empty row" in
  let relation, terms = match row with r :: terms -> (r, List.rev terms) | [] -> refuse "no relation" in
  let side, relates =
    match relation with
    | "<" -> (Q.one, Less)
    | "<=" -> (Q.one, AtMost)
    | "==" -> (Q.one, Equal)
    | ">=" -> (Q.minus_one, AtMost)
    | ">" -> (Q.minus_one, Less)
    | _ -> refuse "a relation that is none"
  in
  let form = Array.map (fun width -> Array.make width Q.zero) (Array.sub widths 0 (last + 1)) in
  let term (value, name) =
    let l, i = place last name in
    need (String.contains kinds name.[0] && l <= last && i < widths.(l)) (name ^ " where it is not");
    form.(l).(i) <- Q.add form.(l).(i) (Q.mul side (ratio value))
  in
  List.iter term (pairs terms);
  let bound = Q.mul side bound in
  let d = common (bound :: List.concat_map Array.to_list (Array.to_list form)) in
  let list own = if Array.for_all (Q.equal Q.zero) own then [] else List.map (times d) (Array.to_list own) in
  let rec trimmed = function [] :: rest when List.for_all (( = ) []) rest -> [] | own :: rest -> own :: trimmed rest | [] -> [] in
  { over = d; form = trimmed (List.rev_map list (Array.to_list form)); bound = times d bound; relates }

let keywords = [ "polyrelu-statement"; "inputs"; "domain"; "layer"; "target" ]

let groups text =
  let add found line =
    match (words line, found) with
    | [], _ -> found
    | word :: _, _ when word.[0] = '#' -> found
    | word :: rest, _ when List.mem word keywords -> (word, rest, []) :: found
    | row, (word, rest, rows) :: others -> (word, rest, row :: rows) :: others
    | _, [] -> refuse "rows that belong to nothing"
  in
  List.rev_map (fun (word, rest, rows) -> (word, rest, List.rev rows)) (List.fold_left add [] (String.split_on_char '\n' text))

let question text =
  match groups text with
  | ("polyrelu-statement", [ "1" ], []) :: ("inputs", [ width ], []) :: rest ->
      let inputs = small width in
      need (inputs <= 0x100000) "very many inputs";
      let read (widths, layers, domain, targets) (word, more, rows) =
        match (word, more) with
        | "layer", [ relu ] ->
            need (targets = []) "a layer after a target";
            let own = layer (List.hd widths) relu rows in
            (List.length rows :: widths, own :: layers, domain, targets)
        | "domain", [] ->
            need (domain = None) "a second domain";
            (widths, layers, Some (List.map (condition [| inputs |] 0 "x") rows), targets)
        | "target", [] ->
            let all = Array.of_list (List.rev widths) in
            (widths, layers, domain, List.map (condition all (Array.length all - 1) "xhy") rows :: targets)
        | _ -> refuse (word ^ " where it does not belong")
      in
      let _, layers, domain, targets = List.fold_left read ([ inputs ], [], None, []) rest in
      { inputs = nat inputs; domain = Option.value domain ~default:[]; network = layers; targets = List.rev targets }
  | _ -> refuse "this is no statement"

(* -- the certificate ------------------------------------------------------------------------------------------------ *)

let most_splits = 900

(* What enters neuron i of layer l, as the proved program calls it: with the number of layers behind. *)
let entering q text =
  match String.split_on_char '.' text with
  | [ layer; number ] ->
      let d = List.length q.network - small layer and i = small number in
      need (d >= 0) "a layer that is not there";
      (d, i)
  | _ -> refuse (text ^ " where it is not")

let behind name = String.sub name 1 (String.length name - 1)

let row q name =
  need (String.length name > 1) "a name that is too short";
  match name.[0] with
  | 'x' -> X (nat (small (behind name)))
  | 'd' -> D (nat (small (behind name)))
  | 't' -> T (nat (small (behind name)))
  | 'z' ->
      let d, i = entering q (behind name) in
      if d = List.length q.network then X (nat i) else N (nat d, nat i)
  | _ -> refuse (name ^ " where it is not")

let finest = Z.shift_left Z.one 20

(* Slopes are rounded down to multiples of 2^-20. *)
let slope text =
  let value = ratio text in
  need (Q.sign value >= 0 && Q.leq value Q.one) "a slope that is not between 0 and 1";
  { qnum = Z.fdiv (Z.mul (Q.num value) finest) (Q.den value); qden = finest }

let proof q terms =
  let slopes = Array.of_list (List.map (fun l -> Array.make (List.length l.relus) None) q.network) in
  let note (name, text) =
    let d, i = entering q (behind name) in
    need (d < Array.length slopes && i < Array.length slopes.(d)) (name ^ " where it is not");
    slopes.(d).(i) <- Some (slope text)
  in
  let own, factors = List.partition (fun (name, _) -> name.[0] = 'a') (pairs terms) in
  List.iter note own;
  { factors = List.map (fun (name, s) -> (row q name, rational s)) factors;
    slopes_of = (if own = [] then [] else Array.to_list (Array.map Array.to_list slopes)) }

let tree q next =
  let rec claims found =
    match next () with
    | (("low" | "up") as word) :: name :: terms ->
        need (String.contains "xz" name.[0]) "an end of a condition";
        claims ({ is_upper = word = "up"; about = row q name; shown_by = proof q terms } :: found)
    | line -> (List.rev found, line)
  in
  let rec node depth =
    let cs, line = claims [] in
    match line with
    | "split" :: name :: rest ->
        need (depth < most_splits) "very many splits";
        let value = match (name.[0], rest) with 'x', [ v ] -> rational v | 'z', [] -> rational "0" | _ -> refuse "a split" in
        let low = node (depth + 1) in
        let high = node (depth + 1) in
        Split (cs, row q name, value, low, high)
    | "none" :: terms -> Leaf (cs, Nothing (proof q terms))
    | "tile" :: x ->
        let x = List.map ratio x in
        let d = common x in
        Leaf (cs, Tile (List.map (times d) x, d))
    | "rest" :: _ -> Leaf (cs, Rest)
    | _ -> refuse "a line that is none"
  in
  match node 0 with Leaf (cs, a) -> (cs, Leaf ([], a)) | Split (cs, r, v, low, high) -> (cs, Split ([], r, v, low, high))

(* The trees of a certificate, and the hash that it names. *)
let certificate q lines =
  let left = ref lines in
  let next () = match !left with line :: rest -> left := rest; words line | [] -> refuse "the end where there is more" in
  let hash = match next () with [ "polyrelu-tree"; "1"; hash ] -> hash | _ -> refuse "this is no tree" in
  let trees = List.map (fun _ -> tree q next) (if q.targets = [] then [ [] ] else q.targets) in
  need (!left = []) "more than the trees";
  (hash, trees)

(* -- certificates of vertices --------------------------------------------------------------------------------------- *)

let hexadecimal text =
  let is_digit c = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') in
  let is_negative = String.length text > 1 && text.[0] = '-' in
  let digits = if is_negative then behind text else text in
  need (digits <> "" && String.for_all is_digit digits) "a number that is none";
  let value = Z.of_string_base 16 digits in
  if is_negative then Z.neg value else value

let count text = 
  need (String.length text <= 7) "a number that is too large";
  Z.to_int (hexadecimal text)

let key width i = List.init width (fun k -> (i lsr k) land 1 = 1)

(* The rows of a target: all ReLUs, then its conditions. *)
let rows_of q target =
  let relus = List.concat_map (fun l -> List.filter Fun.id l.relus) q.network in
  List.length relus + List.length target

(* One part: points with their keys, and cells; rows that a cell does not decide are counted from the last one. *)
let part width rows next =
  let keys = Array.make (1 lsl width) [] and points = ref [] and cells = ref [] and number = ref 0 and first = ref 0 in
  let skipped = Array.init (rows + 1) nat in
  let vertex words =
    match List.rev_map hexadecimal words with
    | t :: u ->
        keys.(!number) <- key width !number;
        points := (keys.(!number), t :: List.rev u) :: !points;
        incr number
    | [] -> refuse "a point that is none"
  in
  let back text =
    let i = !number - count text in
    need (i >= !first && i < !number) "a vertex that is not there";
    keys.(i)
  in
  let rec lines () =
    match next () with
    | [ "b" ] -> first := !number; lines ()
    | "v" :: words -> vertex words; lines ()
    | "c" :: length :: vertices ->
        let decided = count length in
        need (decided >= 0 && decided <= rows) "a cell of more rows than there are";
        cells := (skipped.(rows - decided), List.map back vertices) :: !cells;
        lines ()
    | [ "end"; cells_there ] -> need (count cells_there = List.length !cells) "cells are missing, or there twice"
    | _ -> refuse "a line that is not treated here"
  in
  lines ();
  { points = List.rev !points; listed = List.rev !cells }

(* The parts of a certificate, one for each target and in their order, and the hash that it names. *)
let vertices q lines =
  let lines = List.map words lines in
  let total = List.length (List.filter (function "v" :: _ -> true | _ -> false) lines) in
  let rec bits n = if n = 0 then 1 else 1 + bits (n / 2) in
  let left = ref lines in
  let next () = match !left with line :: rest -> left := rest; line | [] -> refuse "the end where there is more" in
  let hash = match next () with [ "polyrelu-cells"; "1"; hash ] -> hash | _ -> refuse "these are no cells" in
  let one name target =
    match next () with
    | [ "cells"; named; "-" ] when named = name -> part (bits total) (rows_of q target) next
    | _ -> refuse "a part that is not treated here"
  in
  let certificates =
    if q.targets = [] then [ one "regions" [] ] else List.mapi (fun i target -> one (Printf.sprintf "%x" i) target) q.targets
  in
  need (!left = []) "more than the parts";
  (hash, certificates)

(* -- files ---------------------------------------------------------------------------------------------------------- *)

let all channel =
  let buffer = Buffer.create 65536 and part = Bytes.create 65536 in
  let rec read () =
    let n = input channel part 0 65536 in
    if n > 0 then (
      Buffer.add_subbytes buffer part 0 n;
      read ())
  in
  read ();
  Buffer.contents buffer

let contents path =
  let channel = open_in_bin path in
  let text = all channel in
  close_in channel;
  if String.length text > 1 && text.[0] = '\031' && text.[1] = '\139' then (
    let channel = Unix.open_process_args_in "gzip" [| "gzip"; "-dc"; path |] in
    let text = all channel in
    need (Unix.close_process_in channel = Unix.WEXITED 0) "a compressed file that is damaged";
    text)
  else text

let lines text =
  let n = String.length text in
  need (n > 0 && text.[n - 1] = '\n') "a line without an end";
  String.split_on_char '\n' (String.sub text 0 (n - 1))
