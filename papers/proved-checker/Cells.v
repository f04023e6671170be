(** * The checker of certificates of vertices

    A certificate lists points and cells, each by its vertices among these points. The program evaluates the network at the
    points, in integers, and compares signs. What is proved of it is in [Vertices.v]. Points are homogeneous, the scale first:
    [t :: u] is the point u / t, and t = 0 says that it is a direction. *)

From Proved Require Import Numbers Question.

Notation "x <- a ; b" := (match a with Some x => b | None => None end) (at level 100, a at next level, right associativity).

(** ** The network, without its denominators

    The same function is taken for integers, for the elements of a field, and with a pattern of signs in the place of
    ReLUs: [gate i] is what a ReLU, that of row i, makes of its value. *)

Section Run.
Context {A : Type} (zero : A) (add mul : A -> A -> A) (of_Z : Z -> A) (gate : nat -> A -> A).

Fixpoint weighted_sum (w : list Z) (v : list A) : A :=
  match w, v with w0 :: w', v0 :: v' => add (mul (of_Z w0) v0) (weighted_sum w' v') | _, _ => zero end.

(** What enters the neurons of a layer, if the layer before returns h / t. *)
Definition entered (l : layer) (t : A) (h : list A) : list A :=
  map (fun n => add (weighted_sum (fst n) h) (mul (of_Z (snd n)) t)) (neurons l).

Fixpoint gated (i : nat) (on : list bool) (z : list A) : list A :=
  match on, z with
  | true :: on', z0 :: z' => gate i z0 :: gated (S i) on' z'
  | false :: on', z0 :: z' => z0 :: gated i on' z'
  | _, _ => []
  end.

Fixpoint picked (on : list bool) (z : list A) : list A :=
  match on, z with
  | true :: on', z0 :: z' => z0 :: picked on' z'
  | false :: on', _ :: z' => picked on' z'
  | _, _ => []
  end.

(** What layers return, from the last one to the inputs, the scale of the last one, and the rows: what enters ReLUs, the latest
    first. *)
Record state := State { layers : list (list A); scale : A; rows : list A }.

Fixpoint run (net : list layer) (y : list A) : state :=
  match net with
  | [] => State [tl y] (hd zero y) []
  | l :: before =>
      let s := run before y in
      let z := entered l (scale s) (hd [] (layers s)) in
      State (gated (length (rows s)) (relus l) z :: layers s) (mul (of_Z (Zpos (denominator l))) (scale s))
        (rev_append (picked (relus l) z) (rows s))
  end.

Fixpoint linear_of (net : list layer) (a : list (list Z)) (hs : list (list A)) {struct a} : A :=
  match a, hs with
  | own :: a', h :: hs' =>
      match net with
      | [] => weighted_sum own h
      | l :: before => add (weighted_sum own h) (mul (of_Z (Zpos (denominator l))) (linear_of before a' hs'))
      end
  | _, _ => zero
  end.

Definition excess_at (net : list layer) (s : state) (c : condition) : A :=
  add (linear_of net (form c) (layers s)) (mul (of_Z (- bound c)) (scale s)).

(** The rows of the neurons and of the target, the latest first. *)
Definition all_rows (net : list layer) (target : list condition) (y : list A) : list A :=
  let s := run net y in rev_append (map (excess_at net s) target) (rows s).

End Run.

Definition rows_at : list layer -> list condition -> list Z -> list Z :=
  all_rows 0 Z.add Z.mul (fun n => n) (fun _ z => Z.max z 0).

(** The domain's rows: the scale, and b t - a.u for each condition a.x <= b. *)
Definition domain_row (c : condition) : list Z := bound c :: map Z.opp (hd [] (form c)).
Definition domain_rows (q : question) : list (list Z) := [1] :: map domain_row (domain q).
Definition on_row : list Z -> list Z -> Z := weighted_sum 0 Z.add Z.mul (fun n => n).

(** ** Sets of keys, none of which begins another one *)

Inductive trie (A : Type) := Empty | Found (a : A) | Fork (zero one : trie A).
Arguments Empty {A}. Arguments Found {A} a. Arguments Fork {A} zero one.

Definition way {A} (b : bool) (zero one : trie A) : trie A := if b then one else zero.

Fixpoint insert {A} (t : trie A) (key : list bool) (a : A) : option (trie A) :=
  match key with
  | [] => match t with Empty => Some (Found a) | _ => None end
  | b :: key' =>
      match t with
      | Found _ => None
      | Empty => new <- insert Empty key' a; Some (if b then Fork Empty new else Fork new Empty)
      | Fork zero one => new <- insert (way b zero one) key' a; Some (if b then Fork zero new else Fork new one)
      end
  end.

Fixpoint find {A} (t : trie A) (key : list bool) : option A :=
  match t, key with Found a, [] => Some a | Fork zero one, b :: key' => find (way b zero one) key' | _, _ => None end.

(** Some key of the set begins this one, or this one begins a key. *)
Fixpoint comparable {A} (t : trie A) (key : list bool) : bool :=
  match t with
  | Empty => false
  | Found _ => true
  | Fork zero one => match key with [] => true | b :: key' => comparable (way b zero one) key' end
  end.

(** At each place of a key that is marked, the key with the other sign there is comparable. *)
Fixpoint crossed {A} (t : trie A) (key marks : list bool) : bool :=
  match t, key, marks with
  | Fork zero one, b :: key', m :: marks' =>
      (if m then comparable (way (negb b) zero one) key' else true) && crossed (way b zero one) key' marks'
  | _, _, _ => true
  end.

(** ** Vertices *)

Record vertex := Vertex { place : list Z; of_rows : list Z; of_domain : list Z }.

Definition vertex_at (q : question) (target : list condition) (v : list Z) : option vertex :=
  let own := map (fun a => on_row a v) (domain_rows q) in
  if (length v =? S (inputs q))%nat && forallb (Z.leb 0) own then Some (Vertex v (rows_at (network q) target v) own) else None.

Fixpoint all_vertices (q : question) (target : list condition) (points : list (list bool * list Z)) (t : trie vertex) : option (trie vertex) :=
  match points with
  | [] => Some t
  | (key, v) :: points' => e <- vertex_at q target v; t' <- insert t key e; all_vertices q target points' t'
  end.

Fixpoint found_all {A} (t : trie A) (keys : list (list bool)) : option (list A) :=
  match keys with [] => Some [] | key :: keys' => a <- find t key; others <- found_all t keys'; Some (a :: others) end.

(** ** Cells *)

Definition mem (k : Z) (l : list Z) : bool := existsb (Z.eqb k) l.
Definition all_but (k : Z) (l : list Z) : list Z := filter (fun j => negb (j =? k)) l.
Definition all_in (l l' : list Z) : bool := forallb (fun j => mem j l') l.

Fixpoint zeros (i : Z) (values : list Z) : list Z :=
  match values with [] => [] | z :: values' => if z =? 0 then i :: zeros (i + 1) values' else zeros (i + 1) values' end.

(** The edge that leaves a vertex by row k has two ends. *)
Definition is_edge (on : list Z) (others : list (list Z)) (k : Z) : bool :=
  match filter (all_in (all_but k on)) others with [a; b] => negb (mem k a && mem k b) | _ => false end.

Definition is_corner (d : nat) (all : list (list Z)) (on : list Z) : bool :=
  (length on =? d)%nat && forallb (is_edge on all) on.

(** For each place, whether something is so of a value there. *)
Fixpoint or_each (is : Z -> bool) (values : list Z) (found : list bool) : list bool :=
  match values, found with z :: values', b :: found' => (is z || b) :: or_each is values' found' | _, _ => [] end.
Definition somewhere (is : Z -> bool) (n : nat) (lists : list (list Z)) : list bool := fold_right (or_each is) (repeat false n) lists.

Definition nonzero (z : Z) : bool := negb (z =? 0).

(** The values of rows have the signs of the pattern. *)
Fixpoint fits (pattern : list bool) (values : list Z) : bool :=
  match pattern, values with
  | b :: pattern', z :: values' => (if b then 0 <=? z else z <=? 0) && fits pattern' values'
  | [], [] => true
  | _, _ => false
  end.

(** A cell: how many rows it does not decide, its pattern, the latest row first, on which rows vertices are, and its vertices. *)
Record cell := Cell { undecided : nat; pattern : list bool; touched : list bool; corners_of : list vertex }.

Definition known (skipped : nat) (v : vertex) : list Z := skipn skipped (of_rows v).

(** The hull of some vertices, if their signs, but for those of the latest rows that are skipped, are those of a region. *)
Definition cell_of (d : nat) (skipped : nat) (vs : list vertex) : option cell :=
  match vs with
  | [] => None
  | v0 :: _ =>
      let n := length (known skipped v0) in
      let p := somewhere (Z.ltb 0) n (map (known skipped) vs) in
      let values := map (fun v => known skipped v ++ of_domain v) vs in
      let on := map (zeros 0) values in
      if forallb (fun v => fits p (known skipped v)) vs
         && forallb (fun b => b) (somewhere nonzero (n + length (of_domain v0)) values)
         && forallb (is_corner d on) on
         && forallb (existsb nonzero) values
      then Some (Cell skipped p (somewhere (Z.eqb 0) n (map (known skipped) vs)) vs)
      else None
  end.

Fixpoint all_cells (d : nat) (vertices : trie vertex) (listed : list (nat * list (list bool))) : option (list cell) :=
  match listed with
  | [] => Some []
  | (skipped, keys) :: listed' =>
      vs <- found_all vertices keys; c <- cell_of d skipped vs; others <- all_cells d vertices listed'; Some (c :: others)
  end.

Fixpoint patterns_of (cells : list cell) (t : trie unit) : option (trie unit) :=
  match cells with [] => Some t | c :: cells' => t' <- insert t (rev (pattern c)) tt; patterns_of cells' t' end.

(** A certificate: points by keys, and cells, each by the number of rows that it does not decide and by the keys of its vertices. *)
Record certificate := Certificate { points : list (list bool * list Z); listed : list (nat * list (list bool)) }.

(** Its cells, if they cover the domain. *)
Definition cover (q : question) (target : list condition) (cert : certificate) : option (list cell) :=
  if sound q && forallb (fun c => match relates c with Equal => false | _ => true end) (domain q) then
    vertices <- all_vertices q target (points cert) Empty;
    cells <- all_cells (inputs q) vertices (listed cert);
    t <- patterns_of cells Empty;
    if forallb (fun c => crossed t (rev (pattern c)) (rev (touched c))) cells && match cells with [] => false | _ => true end
    then Some cells else None
  else None.

(** ** Judging cells *)

(** The rows of the target, by their conditions, with the cell's signs; the latest first. *)
Definition signs_of (target : list condition) (c : cell) : list (condition * bool) := combine (rev target) (pattern c).

Definition is_missed (s : condition * bool) : bool := match relates (fst s), snd s with Less, true => true | _, _ => false end.
Definition is_tight (s : condition * bool) : bool :=
  match relates (fst s) with Less => false | AtMost => snd s | Equal => true end.

(** A vertex at which all tight rows are 0. *)
Definition is_on (signs : list (condition * bool)) (v : vertex) : bool :=
  forallb (fun p => if is_tight (fst p) then snd p =? 0 else true) (combine signs (of_rows v)).

Definition is_finite (v : vertex) : bool := match place v with t :: _ => 0 <? t | [] => false end.

(** The hulls of what is found: tiles have insides, faces are what other cells have on their boundaries. *)
Record parts := Parts { tiles : list (list (list Z)); faces : list (list (list Z)) }.
Definition hull_of (vs : list vertex) : list (list Z) := map place vs.

(** A condition fails at points of a hull, if its row is like this at the vertices. *)
Definition fails (r : relation) (values : list Z) : bool :=
  match r with
  | Less => forallb (Z.leb 0) values
  | AtMost => forallb (Z.ltb 0) values
  | Equal => forallb (Z.ltb 0) values || forallb (fun z => z <? 0) values
  end.
Fixpoint some_fails (conditions : list condition) (values : list (list Z)) : bool :=
  match conditions with
  | [] => false
  | s :: others => fails (relates s) (map (hd 0) values) || some_fails others (map (@tl Z) values)
  end.

(** ** Intervals, where neurons are undecided *)

Definition interval : Type := Z * Z.
Definition interval_add (a b : interval) : interval := (fst a + fst b, snd a + snd b).
Definition interval_mul (a b : interval) : interval :=
  let w := fst a in if 0 <=? w then (w * fst b, w * snd b) else (w * snd b, w * fst b).
Definition both (z : Z) : interval := (z, z).
Definition interval_gate (_ : nat) (a : interval) : interval := (Z.max (fst a) 0, Z.max (snd a) 0).

Definition run_within : list layer -> list interval -> state := run (both 0) interval_add interval_mul both interval_gate.

(** What bounds are multiples of. *)
Definition fine : Z := Z.shiftl 1 128.

Definition within (b : interval) (t h : Z) : bool := (fst b * t <=? fine * h) && (fine * h <=? snd b * t).
Fixpoint all_within (bounds : list interval) (t : Z) (hs : list Z) : bool :=
  match bounds, hs with
  | b :: bounds', h :: hs' => within b t h && all_within bounds' t hs'
  | [], [] => true
  | _, _ => false
  end.

(** Intervals with all h / t; only tried, and compared with what they are made of. *)
Definition around (t h : Z) : interval := (fine * h / t, - (- (fine * h) / t)).
Fixpoint widened (bounds new : list interval) : list interval :=
  match bounds, new with
  | a :: bounds', b :: new' => (Z.min (fst a) (fst b), Z.max (snd a) (snd b)) :: widened bounds' new'
  | _, _ => []
  end.
Definition tried (values : list (Z * list Z)) : list interval :=
  match map (fun v => map (around (fst v)) (snd v)) values with [] => [] | first :: others => fold_right widened first others end.

(** The last layers, and the others, which are linear on a cell of so many rows but for the ReLUs of their last one. *)
Fixpoint relu_count (net : list layer) : nat :=
  match net with [] => 0 | l :: before => (length (picked (relus l) (neurons l)) + relu_count before)%nat end.
Fixpoint divided_at (known : nat) (net : list layer) : list layer * list layer :=
  match net with
  | [] => ([], [])
  | l :: before => if (relu_count before <=? known)%nat then ([], net) else let d := divided_at known before in (l :: fst d, snd d)
  end.

Definition fails_within (r : relation) (b : interval) : bool :=
  match r with Less => 0 <=? fst b | AtMost => 0 <? fst b | Equal => (0 <? fst b) || (snd b <? 0) end.

Definition run_integers : list layer -> list Z -> state := run 0 Z.add Z.mul (fun n => n) (fun _ z => Z.max z 0).

Definition misses_within (net : list layer) (target : list condition) (c : cell) : bool :=
  let (last, first) := divided_at (length (pattern c)) net in
  let values := map (fun v => let s := run_integers first (place v) in (scale s, hd [] (layers s))) (corners_of c) in
  let bounds := tried values in
  let s := run_within last (both fine :: bounds) in
  match first with [] => false | _ :: _ => true end
  && forallb (fun v => (0 <? fst v) && all_within bounds (fst v) (snd v)) values
  && existsb (fun a => (length (form a) <=? S (length last))%nat
       && fails_within (relates a) (excess_at (both 0) interval_add interval_mul both last s a)) target.

(** A cell that decides all neurons misses the target. *)
Definition misses (target : list condition) (c : cell) : bool :=
  (undecided c <=? length target)%nat && some_fails (rev target) (map of_rows (corners_of c)).

Definition judge (net : list layer) (target : list condition) (c : cell) : option parts :=
  let signs := signs_of target c in
  if negb (undecided c =? 0)%nat then if misses target c || misses_within net target c then Some (Parts [] []) else None
  else if existsb is_missed signs then Some (Parts [] [])
  else if existsb is_tight signs then
    let on := filter (is_on signs) (corners_of c) in
    Some (Parts [] (if existsb is_finite on then [hull_of on] else []))
  else Some (Parts [hull_of (corners_of c)] []).

Fixpoint judged (net : list layer) (target : list condition) (cells : list cell) : option parts :=
  match cells with
  | [] => Some (Parts [] [])
  | c :: cells' =>
      a <- judge net target c; others <- judged net target cells'; Some (Parts (tiles a ++ tiles others) (faces a ++ faces others))
  end.

(** ** The program *)

Definition answer_of (q : question) (target : list condition) (cert : certificate) : option parts :=
  cells <- cover q target cert; judged (network q) target cells.

Fixpoint answers_of (q : question) (ts : list (list condition)) (certs : list certificate) : option (list parts) :=
  match ts, certs with
  | [], [] => Some []
  | target :: ts', cert :: certs' => a <- answer_of q target cert; others <- answers_of q ts' certs'; Some (a :: others)
  | _, _ => None
  end.

Definition preimage_of_vertices (q : question) (certs : list certificate) : option (list parts) := answers_of q (targets q) certs.
Definition regions_of_vertices (q : question) (cert : certificate) : option (list (list (list Z))) := a <- answer_of q [] cert; Some (tiles a).
